// SPDX-License-Identifier: Apache-2.0
import CKernel
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
        method: "whole call", backings: guestMemfds), requirement: GuestFault.needsGuest,
      measure: closeGuestMapped),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "vm-destroy", summary: "the end of a VM with all of its memory",
        unit: .nanosecondsPerVM, method: "whole sequence", backings: guestBackings, isPathLength: false),
      requirement: GuestFault.needsGuest, measure: destroyFull),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "vm-destroy-empty",
        summary: "the end of a VM whose memory was never touched",
        unit: .nanosecondsPerVM, method: "whole sequence", backings: guestBackings, isPathLength: false),
      requirement: GuestFault.needsGuest, measure: destroyEmpty),
  ]

  private static func needsPunchHole(_ measured: Case, _ bench: Workbench) -> Refusal? {
    guard !measured.backing.punchesHoles else { return nil }
    return .unsupported("\(measured.backing.rawValue) has no fallocate: EOPNOTSUPP")
  }

  /// Fresh memory with every page touched and its placement read back.
  static func populated(_ measured: Case, _ bench: Workbench) throws(Refusal) -> Subject {
    let subject = try Subject(measured, bench)
    try subject.populate(measured, bench)
    return subject
  }

  private static func timedUnmap(
    _ subject: inout Subject, _ measured: Case, _ bench: Workbench
  ) throws(Refusal) {
    bench.verifyPlacement(try subject.base, pages: measured.pages, node: measured.memoryNode)
    let mapping = try subject.takeMapping()
    try bench.timed("munmap") { loops_unmap(mapping.base, mapping.bytes, bench.clock.kind, bench.ticks) }
    bench.recordCall(pages: measured.pages)
  }

  private static func unmap(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    var subject = try populated(measured, bench)
    try timedUnmap(&subject, measured, bench)
  }

  private static func unmapLastReference(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    var subject = try populated(measured, bench)
    subject.closeFile()
    try timedUnmap(&subject, measured, bench)
  }

  private static func closeFile(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    var subject = try populated(measured, bench)
    bench.verifyPlacement(try subject.base, pages: measured.pages, node: measured.memoryNode)
    subject.unmap()
    try timedClose(subject.takeDescriptor(), measured, bench)
  }

  private static func closeGuestMapped(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    var guest = try Guest.make(measured, bench)
    // The node is asked through a host mapping that is gone again before the guest touches its pages.
    try guest.verifyPlacement(measured, bench)
    try guest.touch()
    guard let file = guest.file.take() else { throw .failed("the guest's memory has no file") }
    try timedClose(file.release(), measured, bench)
  }

  private static func timedClose(_ descriptor: Int32, _ measured: Case, _ bench: Workbench) throws(Refusal) {
    var descriptor = descriptor
    try bench.timed("close") { loops_close(&descriptor, 1, bench.clock.kind, bench.ticks) }
    bench.recordCall(pages: measured.pages)
  }

  private static func destroyFull(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    try destroy(measured, bench, touched: true)
  }

  private static func destroyEmpty(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    try destroy(measured, bench, touched: false)
  }

  private static func destroy(_ measured: Case, _ bench: Workbench, touched: Bool) throws(Refusal) {
    let guest = try Guest.make(measured, bench)
    if touched { try guest.touch() }
    bench.assumePlacement()
    let parts = guest.release()
    let mappings = parts.mappings.map { loops_mapping(base: $0.base, bytes: $0.bytes) }
    let descriptors = parts.descriptors
    try bench.timed("destroying the VM") {
      loops_destroy(
        mappings, mappings.count, descriptors, descriptors.count, bench.clock.kind, bench.ticks)
    }
    bench.recordCall(pages: 1)
  }
}
