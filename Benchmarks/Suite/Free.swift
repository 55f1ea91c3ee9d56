// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Loops
import Model

/// free: giving memory back. What it measures and how it can mislead stands in Loops/free.c.
enum Free {
  static let benchmark = "free"
  private static let files = Backing.mappable.filter(\.hasFile)
  static let guestMemfds = Backing.allCases.filter(\.isGuestMemfd)
  /// A VM's end is counted by its small pages.
  private static let guestBackings = Backing.allCases.filter { $0.backsGuests && !$0.isHuge }

  static let operations = whole + inBatches + again + killed

  private static let whole: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "unmap",
        summary: "munmap while a descriptor is open: anonymous memory is freed, a file's only unmapped",
        method: "whole call", backings: Backing.mappable), measure: unmap),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "unmap-last-reference",
        summary: "munmap of the last reference: memory is freed",
        method: "whole call", backings: Backing.mappable, tier: .headline), measure: unmapLastReference),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "punch-hole",
        summary: "fallocate(PUNCH_HOLE) of the whole, mapped by the host",
        method: "whole call", backings: files), requirement: needsPunchHole, measure: punchHostMapped),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "close", summary: "close of the last reference, never mapped by a guest",
        method: "whole call", backings: files), measure: closeFile),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "close-guest-mapped",
        summary: "close of the last reference while a guest maps it",
        method: "whole call", backings: guestMemfds, runsGuest: true), requirement: GuestFault.needsGuest,
      measure: closeGuestMapped),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "vm-destroy", summary: "the end of a VM with all of its memory",
        unit: .nanosecondsPerVM, method: "whole sequence", backings: guestBackings, runsGuest: true,
        isPathLength: false),
      requirement: GuestFault.needsGuest, measure: destroyFull),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "vm-destroy-empty",
        summary: "the end of a VM whose memory was never touched",
        unit: .nanosecondsPerVM, method: "whole sequence", backings: guestBackings, runsGuest: true,
        isPathLength: false),
      requirement: GuestFault.needsGuest, measure: destroyEmpty),
  ]

  private static func needsPunchHole(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    guard !measured.backing.punchesHoles else { return nil }
    return .unsupported("\(measured.backing.rawValue) has no fallocate: EOPNOTSUPP")
  }

  /// Fresh memory with every page touched and its placement read back.
  static func populated(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockMemory {
    var subject = try BlockMemory(measured, context)
    try subject.populate(measured, context)
    return subject
  }

  private static func timedUnmap(
    _ subject: inout BlockMemory, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let placed = try subject.placed(measured, context)
    let mapping = try subject.takeMapping()
    let counted = try context.timed("munmap") {
      loops_unmap(mapping.base, mapping.bytes, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(context.callSample(pages: measured.pages), counted, placed)
  }

  private static func unmap(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    var subject = try populated(measured, context)
    return try timedUnmap(&subject, measured, context)
  }

  private static func unmapLastReference(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    var subject = try populated(measured, context)
    subject.closeFile()
    return try timedUnmap(&subject, measured, context)
  }

  private static func closeFile(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    var subject = try populated(measured, context)
    let placed = try subject.placed(measured, context)
    subject.unmap()
    return try timedClose(subject.takeDescriptor(), placed, measured, context)
  }

  private static func closeGuestMapped(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    var guest = try Guest.make(measured, context)
    // The node is asked through a host mapping that is gone again before the guest touches its pages.
    let placed = try guest.placement(measured, context)
    try guest.touch()
    guard let file = guest.file.take() else { throw .failed("the guest's memory has no file") }
    return try timedClose(file.release(), placed, measured, context)
  }

  private static func timedClose(
    _ descriptor: Int32, _ placed: Placed, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    var descriptor = descriptor
    let counted = try context.timed("close") {
      loops_close(&descriptor, 1, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(context.callSample(pages: measured.pages), counted, placed)
  }

  private static func destroyFull(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    try destroy(measured, context, touched: true)
  }

  private static func destroyEmpty(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    try destroy(measured, context, touched: false)
  }

  private static func destroy(
    _ measured: Case, _ context: MeasuringContext, touched: Bool
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    if touched { try guest.touch() }
    let parts = guest.release()
    let mappings = parts.mappings.map { loops_mapping(base: $0.base, bytes: $0.bytes) }
    let descriptors = parts.descriptors
    let counted = try context.timed("destroying the VM") {
      loops_destroy(
        mappings, mappings.count, descriptors, descriptors.count, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(context.callSample(pages: 1), counted, context.assumedPlacement)
  }
}
