// SPDX-License-Identifier: Apache-2.0
import CKernel
import Experiment
import GuestMemory
import Testing

/// Two operations side by side: one whose values never differ, one whose values scatter by half.
@Suite("how a run divides its time", .serialized)
struct BudgetTests {
  private func group(_ operation: String, spreadTicks: UInt64) -> CaseGroup {
    let spec = OperationSpec(
      benchmark: "made-up", name: operation, summary: "", method: "made up", backings: Backing.allCases
    ) { measured, bench throws(Refusal) in
      let spread = spreadTicks == 0 ? 0 : ckernel_clock_monotonic() % spreadTicks
      try bench.timed("call") { 0 }
      bench.ticks[0] = 8000 + spread + bench.clock.callOverheadTicks
      bench.recordCall(pages: measured.pages)
    }
    let cases = [Backing.memfd, .anonymous].map { MadeUpRun.measured($0, operation: operation) }
    return CaseGroup(spec: spec, cases: cases, baselines: [cases[1]: cases[0]])
  }

  private func plan(_ groups: [CaseGroup], precision: Double, budget: Double, smallest: Int? = nil) -> Plan {
    Plan(
      name: "made-up", groups: groups, precision: precision, budget: budget, seed: 1, smallestPages: smallest)
  }

  @Test func whatScattersGetsTheTimeThatTheOthersLeave() throws {
    let groups = [group("steady", spreadTicks: 0), group("scattered", spreadTicks: 8000)]
    let (report, _) = try MadeUpRun.run(plan(groups, precision: 0.001, budget: 1.5))
    let steady = report.summaries.filter { $0.measuredCase.operation == "steady" }
    let scattered = report.summaries.filter { $0.measuredCase.operation == "scattered" }
    #expect(steady.allSatisfy { $0.status == .ok && $0.blocks < 20 })
    #expect(scattered.allSatisfy { $0.status == .unstable && $0.blocks > 40 })
    #expect(scattered.allSatisfy { $0.reason?.contains("the precision takes about") == true })
    let advice = try #require(report.warnings.first { $0.what.contains("did not reach") })
    #expect(advice.what.hasPrefix("2 rows"))
    #expect(advice.remedy?.contains("--precision") == true)
  }

  @Test func everyGroupHasItsFirstRoundsBeforeAnyHasMore() throws {
    let groups = [group("first", spreadTicks: 8000), group("second", spreadTicks: 8000)]
    let (_, sink) = try MadeUpRun.run(plan(groups, precision: 0.001, budget: 0.5))
    let firstOfSecond = try #require(
      sink.blocks.firstIndex { $0.measuredCase.operation == "second" && $0.status == .valid })
    #expect(sink.blocks[..<firstOfSecond].filter { $0.status == .valid }.allSatisfy { $0.round <= 8 })
    // Rounds are numbered on over all visits, and each visit warms up.
    for operation in ["first", "second"] {
      let rounds = sink.blocks.filter { $0.measuredCase.operation == operation && $0.status == .valid }.map(
        \.round)
      #expect(Set(rounds) == Set(1...(rounds.max() ?? 1)))
      #expect(rounds == rounds.sorted())
    }
    #expect(sink.blocks.count { $0.status == .warmUp && $0.measuredCase.operation == "first" } > 2)
  }

  private func slow(_ nanosecondsPerPage: UInt64, batches: [Int?] = [nil]) -> CaseGroup {
    let spec = OperationSpec(
      benchmark: "made-up", name: "slow", summary: "", method: "made up", backings: Backing.allCases
    ) { measured, bench throws(Refusal) in
      let end = ckernel_clock_monotonic() + nanosecondsPerPage * UInt64(measured.pages)
      while ckernel_clock_monotonic() < end {}
      try bench.timed("call") { 0 }
      bench.ticks[0] = 8000 + bench.clock.callOverheadTicks
      bench.recordCall(pages: measured.pages)
    }
    let cases = batches.map { batch in
      var measured = MadeUpRun.measured(.memfd)
      measured.batch = batch
      return measured
    }
    let baselines = Dictionary(uniqueKeysWithValues: cases.dropFirst().map { ($0, cases[0]) })
    return CaseGroup(spec: spec, cases: cases, baselines: baselines)
  }

  @Test func blocksShrinkByHalvesUntilTheFirstRoundsFit() throws {
    // 8 pages take 80 ms: nine rounds 0.72 s, of two pages 0.18 s.
    let (report, _) = try MadeUpRun.run(plan([slow(10_000_000)], precision: 0.01, budget: 0.4, smallest: 1))
    let pages = try #require(report.summaries.first).measuredCase.pages
    #expect(pages == 2 || pages == 1)
    #expect(report.context.pages == pages)
    #expect(report.warnings.contains { $0.what.contains("blocks have \(pages) pages instead of 8") })
  }

  @Test func batchesLargerThanABlockBecomeTheWholeOfItOnce() throws {
    let (report, _) = try MadeUpRun.run(
      plan([slow(4_000_000, batches: [1, 2, 4, 8])], precision: 0.01, budget: 0.4, smallest: 2))
    #expect(report.summaries.map(\.measuredCase.pages) == [2, 2])
    #expect(report.summaries.map(\.measuredCase.batch) == [1, 2])
    #expect(report.summaries.map(\.baseline?.batch) == [nil, 1])
  }

  @Test func blocksKeepTheSizeThatWasAskedFor() throws {
    let (report, _) = try MadeUpRun.run(plan([slow(10_000_000)], precision: 0.01, budget: 0.4))
    #expect(report.summaries.first?.measuredCase.pages == 8)
    #expect(report.elapsed < 0.6)
  }
}
