// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Harness
import Loops
import Model

/// tlb-flush: what a removal costs the other CPUs, and what a broadcast costs at all. What it measures and
/// how it can mislead stands in Loops/tlb-flush.c and CHelpers' companion.h.
enum TLBFlush {
  static let benchmark = "tlb-flush"
  private static let mappable = Backing.allCases.filter { !$0.isPrivate }

  static let operations: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "bystander",
        summary: "time stolen from each other CPU, which never touches the memory, per page faulted in",
        method: "companions' gaps", others: [.spin], backings: mappable, tier: .answer, takesPagesIn: true,
        expects: Expectation(host: .onePerPage), isPathLength: false),
      requirement: Catalogue.needsCompanion, measure: bystander),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "faulting-thread",
        summary: "the fault with the other CPUs spinning, against the same fault with them left alone",
        method: "chained stamps", armAxis: .others, backings: mappable, takesPagesIn: true,
        expects: Expectation(host: .onePerPage)),
      requirement: Catalogue.needsCompanion, measure: touch),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "user-shootdown",
        summary:
          "mprotect of one page while threads of this process run on other CPUs: a proxy for a broadcast",
        method: "proxy: each mprotect", armAxis: .threads, others: [.idle], backings: [.anonymous],
        isPathLength: false), measure: userShootdown),
  ]

  private static func bystander(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let subject = try Subject(measured, bench)
    try bench.timedTouch(subject.base, measured)
    bench.replaceSamplesWithBookings(pages: measured.pages)
    bench.verifyPlacement(try subject.base, pages: measured.pages, node: measured.memoryNode)
  }

  /// The host's first store to each page; what the arms differ in is the runner's to set.
  static func touch(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let subject = try Subject(measured, bench)
    try bench.timedTouch(subject.base, measured)
    bench.verifyPlacement(try subject.base, pages: measured.pages, node: measured.memoryNode)
  }

  private static func userShootdown(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let region = try Region.resident(bytes: bench.pageBytes)
    let page = region.base.assumingMemoryBound(to: UInt8.self)
    let cpus = bench.crew.threads(of: measured).dropFirst().map { Int32($0) }
    try bench.timed("mprotect beside \(cpus.count) threads") {
      loops_user_shootdown(
        page, bench.pageBytes, cpus, cpus.count, measured.pages, bench.clock.kind, bench.ticks)
    }
    bench.recordCalls(measured.pages)
    bench.verifyPlacement(region.base, pages: 1, node: measured.memoryNode)
  }
}
