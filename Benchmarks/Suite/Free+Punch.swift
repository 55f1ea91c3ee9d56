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
        method: "chained stamps", armAxis: .batch, batches: batches, backings: guestMemfds, tier: .detail),
      requirement: GuestFault.needsGuest, measure: punchGuestMapped),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "punch-both-mapped", summary: "the same, mapped by host and guest",
        method: "chained stamps", armAxis: .batch, batches: batches,
        backings: guestMemfds.filter(\.isMappable), tier: .detail), requirement: GuestFault.needsGuest,
      measure: punchBothMapped),
  ]

  static let again: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "churn",
        summary: "touch of all pages and a hole in place of them, in a fresh file and once more each time",
        method: "whole cycle", armAxis: .cycle, backings: punchable, tier: .detail, takesPagesIn: true),
      measure: churn),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "allocate-after-free",
        summary: "the host's first store to each page, right after as many of the same kind were freed",
        method: "chained stamps", backings: Backing.mappable, tier: .detail, takesPagesIn: true),
      measure: allocateAfterFree),
  ]

  static func punchHostMapped(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let subject = try populated(measured, bench)
    bench.verifyPlacement(try subject.base, pages: measured.pages, node: measured.memoryNode)
    try timedPunch(subject.descriptor, measured, bench)
  }

  private static func punchGuestMapped(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let guest = try Guest.make(measured, bench)
    // The node is asked through a host mapping that is gone again before the guest touches its pages.
    try guest.verifyPlacement(measured, bench)
    try guest.touch()
    try timedPunch(guest.descriptor, measured, bench)
  }

  private static func punchBothMapped(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let guest = try Guest.make(measured, bench)
    let host = try guest.mapForHost(measured.backing)
    let base = guest.hostBase(host)
    try bench.touchAll(base, measured)
    try guest.touch()
    bench.verifyPlacement(base, pages: measured.pages, node: measured.memoryNode)
    try timedPunch(guest.descriptor, measured, bench)
  }

  private static func timedPunch(
    _ descriptor: Int32, _ measured: Case, _ bench: Workbench
  ) throws(Refusal) {
    let bytes = measured.pages * bench.pageBytes
    let batch = measured.pagesPerCall * bench.pageBytes
    try bench.timed("fallocate(PUNCH_HOLE)") {
      loops_punch_hole(descriptor, bytes, batch, bench.clock.kind, bench.ticks)
    }
    bench.recordBatches(measured)
  }

  /// Each block begins with a fresh file; the cycles before the one that is measured make it what it is then.
  private static func churn(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let subject = try Subject(measured, bench)
    let descriptor = subject.descriptor
    let base = try subject.base
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    let order = bench.order(measured.order, pages: measured.pages)
    func run(_ cycles: Int) -> Int32 {
      loops_churn(
        descriptor, bytes, bench.pageBytes, order.baseAddress, measured.pages, cycles, bench.clock.kind,
        bench.ticks)
    }
    if let cycle = measured.cycle, cycle > 1 { try check(run(cycle - 1), "touch and fallocate(PUNCH_HOLE)") }
    try bench.timed("touch and fallocate(PUNCH_HOLE)") { run(1) }
    bench.recordCall(pages: measured.pages)
    // A cycle leaves nothing to ask for.
    try subject.populate(measured, bench)
    bench.verifyPlacement(base, pages: measured.pages, node: measured.memoryNode)
  }

  /// The same kind, because what draws on other free lists (movable memory does) would get other frames.
  private static func allocateAfterFree(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    _ = try populated(measured, bench)
    let subject = try Subject(measured, bench)
    try bench.timedTouch(subject.base, measured)
    bench.verifyPlacement(try subject.base, pages: measured.pages, node: measured.memoryNode)
  }
}
