// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Harness
import Loops
import Model

/// tlb-flush: what a removal costs the other CPUs, and what a broadcast costs at all. What it measures and
/// how it can mislead stands in Loops/tlb-flush.c and CHelpers' bystander.h.
enum TLBFlush {
  static let benchmark = "tlb-flush"

  static let operations: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "bystander",
        summary: "time stolen from each other CPU, which never touches the memory, per page faulted in",
        method: "bystanders' gaps", others: [.spin], backings: Backing.mappable, tier: .answer,
        faultsPagesIn: true,
        expects: Expectation(host: .onePerPage), isPathLength: false),
      requirement: Catalogue.needsBystander, measure: bystander),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "faulting-thread",
        summary: "the fault with the other CPUs spinning, against the same fault with them left alone",
        method: "chained stamps", armAxis: .others, backings: Backing.mappable, faultsPagesIn: true,
        expects: Expectation(host: .onePerPage)),
      requirement: Catalogue.needsBystander, measure: touch),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "user-shootdown",
        summary:
          "mprotect of one page while threads of this process run on other CPUs: a proxy for a broadcast",
        method: "proxy: each mprotect", armAxis: .threads, others: [.idle], backings: [.anonymous],
        isPathLength: false), measure: userShootdown),
  ]

  private static func bystander(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    let counted = try context.timedTouch(subject.base, measured).counted
    let samples = context.stolenSamples(counted, pages: measured.pages)
    return context.reading(samples, counted, try subject.placed(measured, context))
  }

  /// The host's first store to each page; what the arms differ in is the runner's to set.
  static func touch(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    return try context.touch(subject.base, measured)
  }

  private static func userShootdown(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let region = try Region.resident(bytes: context.pageBytes)
    let page = region.base.assumingMemoryBound(to: UInt8.self)
    let cpus = context.cpus.roles.threads(of: measured).dropFirst().map { Int32($0) }
    let counted = try context.timed("mprotect beside \(cpus.count) threads") {
      loops_user_shootdown(
        page, context.pageBytes, cpus, cpus.count, measured.pages, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(
      context.callSamples(measured.pages), counted, context.placement(of: region.base, measured, pages: 1))
  }
}
