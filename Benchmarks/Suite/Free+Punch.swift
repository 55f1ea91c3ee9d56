// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Loops
import Model

/// Holes in a file that stays: by the pages of a call and by who maps them, and the same region again and again.
extension Free {
  private static let batches = [1, 16, 512]
  private static let punchable = Backing.mappable.filter(\.punchesHoles)

  static let inBatches: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "punch-host-mapped",
        summary: "fallocate(PUNCH_HOLE) of one batch of pages after the other, mapped by the host",
        method: "chained stamps", armAxis: .batch, batches: batches, backings: punchable, tier: .detail),
      measure: punchHostMapped),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "punch-guest-mapped", summary: "the same, mapped by a guest alone",
        method: "chained stamps", armAxis: .batch, batches: batches, backings: guestMemfds, tier: .detail,
        runsGuest: true),
      requirement: GuestFault.needsGuest, measure: punchGuestMapped),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "punch-both-mapped", summary: "the same, mapped by host and guest",
        method: "chained stamps", armAxis: .batch, batches: batches,
        backings: guestMemfds.filter(\.isMappable), tier: .detail, runsGuest: true),
      requirement: GuestFault.needsGuest,
      measure: punchBothMapped),
  ]

  static let again: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "churn",
        summary: "touch of all pages and a hole in place of them, in a fresh file and once more each time",
        method: "whole cycle", armAxis: .cycle, backings: punchable, tier: .detail, faultsPagesIn: true),
      measure: churn),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "allocate-after-free",
        summary: "the host's first store to each page, right after as many of the same kind were freed",
        method: "chained stamps", backings: Backing.mappable, tier: .detail, faultsPagesIn: true),
      measure: allocateAfterFree),
  ]

  static func punchHostMapped(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let subject = try populated(measured, context)
    return try timedPunch(
      subject.descriptor, try subject.placed(measured, context), measured, context)
  }

  private static func punchGuestMapped(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    // The node is asked through a host mapping that is gone again before the guest touches its pages.
    let placed = try guest.placement(measured, context)
    try guest.touch()
    return try timedPunch(guest.descriptor, placed, measured, context)
  }

  private static func punchBothMapped(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    let host = try guest.mapForHost(measured.backing)
    let base = guest.hostBase(host)
    try context.touchAll(base, measured)
    try guest.touch()
    let placed = context.placement(of: base, measured)
    return try timedPunch(guest.descriptor, placed, measured, context)
  }

  private static func timedPunch(
    _ descriptor: Int32, _ placed: Placed, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let bytes = measured.pages * context.pageBytes
    let batch = measured.pagesPerCall * context.pageBytes
    let counted = try context.timed("fallocate(PUNCH_HOLE)") {
      loops_punch_hole(descriptor, bytes, batch, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(context.batchSamples(measured), counted, placed)
  }

  /// Each block begins with a fresh file; the cycles before the one that is measured make it what it is then.
  private static func churn(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    var subject = try BlockMemory(measured, context)
    let descriptor = subject.descriptor
    let base = try subject.base
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    let order = context.buffers.order(measured.order, pages: measured.pages)
    func run(_ cycles: Int) -> Int32 {
      loops_churn(
        descriptor, bytes, context.pageBytes, order.baseAddress, measured.pages, cycles, context.clock.kind,
        context.buffers.ticks)
    }
    if let cycle = measured.cycle, cycle > 1 { try check(run(cycle - 1), "touch and fallocate(PUNCH_HOLE)") }
    let counted = try context.timed("touch and fallocate(PUNCH_HOLE)") { run(1) }
    let samples = context.callSample(pages: measured.pages)
    // A cycle leaves nothing to ask for.
    try subject.populate(measured, context)
    return context.reading(samples, counted, try subject.placed(measured, context))
  }

  /// The same kind, because what draws on other free lists (movable memory does) would get other frames.
  private static func allocateAfterFree(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    _ = try populated(measured, context)
    let subject = try BlockMemory(measured, context)
    return try context.touch(subject.base, measured)
  }
}
