// SPDX-License-Identifier: Apache-2.0
import CKernel
import Harness
import Model
import Testing

/// Two operations side by side: one whose values never differ, one whose values scatter by half.
@Suite("how a run divides its time", .serialized)
struct BudgetTests {
  private struct Group {
    var operation: MeasuredOperation
    var cases: CaseGroup

    init(_ operation: MeasuredOperation, _ cases: [Case], _ baselines: [Case: Case]) {
      self.operation = operation
      self.cases = CaseGroup(spec: operation.spec, cases: cases, baselines: baselines)
    }
  }

  private func group(_ name: String, spreadTicks: UInt64) -> Group {
    let operation = MeasuredOperation(
      OperationSpec(
        benchmark: "made-up", name: name, summary: "", method: "made up", backings: Backing.allCases
      )
    ) { measured, context throws(Refusal) in
      let spread = spreadTicks == 0 ? 0 : ckernel_clock_monotonic() % spreadTicks
      return try MadeUpRun.call(context, ticks: 8000 + spread, pages: measured.pages)
    }
    let cases = [Backing.memfd, .anonymous].map { MadeUpRun.measured($0, operation: name) }
    return Group(operation, cases, [cases[1]: cases[0]])
  }

  private func run(
    _ groups: [Group], precision: Double, budget: Double, smallest: Int? = nil
  ) throws -> (report: RunReport, sink: RecordingSink) {
    let plan = Plan(
      name: "made-up", groups: groups.map(\.cases), precision: precision, budget: budget, seed: 1,
      smallestPages: smallest)
    return try MadeUpRun.run(plan, groups.map(\.operation))
  }

  @Test func whatScattersGetsTheTimeThatTheOthersLeave() throws {
    let groups = [group("steady", spreadTicks: 0), group("scattered", spreadTicks: 8000)]
    let (report, _) = try run(groups, precision: 0.001, budget: 1.5)
    let steady = report.summaries.filter { $0.measuredCase.operation == "steady" }
    let scattered = report.summaries.filter { $0.measuredCase.operation == "scattered" }
    #expect(steady.allSatisfy { $0.status == .ok })
    #expect(scattered.allSatisfy { $0.status == .unstable })
    let least = try #require(scattered.map(\.blocks).min())
    #expect(steady.allSatisfy { 2 * $0.blocks < least })
    let advice = try #require(report.warnings.first { $0.what.contains("did not reach") })
    #expect(advice.what.hasPrefix("2 rows"))
    #expect(advice.remedy?.contains("--precision") == true)
  }

  @Test func everyPassVisitsEveryGroupInAnOrderOfItsOwn() throws {
    let groups = [group("first", spreadTicks: 8000), group("second", spreadTicks: 8000)]
    let (report, sink) = try run(groups, precision: 0.001, budget: 2)
    let passes = Dictionary(grouping: sink.blocks) { $0.place.pass ?? 0 }
    #expect(Set(passes.keys) == Set(1...8))
    for blocks in passes.values {
      #expect(Set(blocks.map(\.measuredCase.operation)) == ["first", "second"])
      // A visit is not interrupted by the other group's.
      let operations = blocks.map(\.measuredCase.operation)
      #expect(zip(operations, operations.dropFirst()).count { $0 != $1 } == 1)
      for operation in ["first", "second"] {
        let own = blocks.filter { $0.measuredCase.operation == operation }
        #expect(own.count { $0.status == .warmUp } == 2 && own.count { $0.status == .valid } >= 4)
      }
    }
    #expect(Set(passes.values.compactMap { $0.first?.measuredCase.operation }).count == 2)
    // Rounds are numbered on over all passes.
    for operation in ["first", "second"] {
      let rounds = sink.blocks.filter { $0.measuredCase.operation == operation && $0.status == .valid }.map(
        \.round)
      #expect(Set(rounds) == Set(1...(rounds.max() ?? 1)))
      #expect(rounds == rounds.sorted())
    }
    #expect(report.summaries.allSatisfy { $0.effect.map { $0.passes == 8 } ?? true })
    #expect(zip(sink.blocks, sink.blocks.dropFirst()).allSatisfy { $0.elapsed < $1.elapsed })
  }

  private func slow(
    _ nanosecondsPerPage: UInt64, fixed: UInt64 = 0, name: String = "slow", batches: [Int?] = [nil]
  ) -> Group {
    let operation = MeasuredOperation(
      OperationSpec(
        benchmark: "made-up", name: name, summary: "", method: "made up", backings: Backing.allCases
      )
    ) { measured, context throws(Refusal) in
      let end = ckernel_clock_monotonic() + fixed + nanosecondsPerPage * UInt64(measured.pages)
      while ckernel_clock_monotonic() < end {}
      return try MadeUpRun.call(context, ticks: 8000, pages: measured.pages)
    }
    let cases = batches.map { batch in
      var measured = MadeUpRun.measured(.memfd, operation: name)
      measured.batch = batch
      return measured
    }
    let baselines = Dictionary(uniqueKeysWithValues: cases.dropFirst().map { ($0, cases[0]) })
    return Group(operation, cases, baselines)
  }

  @Test func blocksShrinkByHalvesUntilTheFirstRoundsFit() throws {
    // 8 pages take 80 ms: the 16 rounds of 8 passes 1.3 s, of two pages 0.3 s.
    let (report, _) = try run([slow(10_000_000)], precision: 0.01, budget: 0.7, smallest: 1)
    let pages = try #require(report.summaries.first).measuredCase.pages
    #expect(pages == 2 || pages == 1)
    #expect(report.context.pages == pages)
    #expect(report.warnings.contains { $0.what.contains("blocks have \(pages) pages instead of 8") })
  }

  @Test func whatIsUnsupportedStaysSoWhereBlocksShrink() throws {
    let slow = slow(10_000_000)
    let cases = [MadeUpRun.measured(.memfd), MadeUpRun.measured(.memfdSecret)]
    let plan = Plan(
      name: "made-up", groups: [CaseGroup(spec: slow.cases.spec, cases: cases, baselines: [:])],
      precision: 0.01, budget: 0.7, seed: 1, smallestPages: 1)
    let (report, sink) = try MadeUpRun.run(plan, [slow.operation]) { _, measured, _ throws(Refusal) in
      guard measured.backing == .memfd else { throw .unsupported("not here") }
      return ArmIdentity()
    }
    #expect(report.context.pages < MadeUpRun.pages)
    #expect(report.summaries.map(\.measuredCase.pages).allSatisfy { $0 == report.context.pages })
    #expect(report.summaries.last?.status == .unsupported && report.summaries.last?.reason == "not here")
    #expect(sink.blocks.allSatisfy { $0.measuredCase.backing == .memfd })
  }

  @Test func batchesLargerThanABlockBecomeTheWholeOfItOnce() throws {
    let (report, _) = try run(
      [slow(4_000_000, batches: [1, 2, 4, 8])], precision: 0.01, budget: 0.7, smallest: 2)
    #expect(report.summaries.map(\.measuredCase.pages) == [2, 2])
    #expect(report.summaries.map(\.measuredCase.batch) == [1, 2])
    #expect(report.summaries.map(\.baseline?.batch) == [nil, 1])
  }

  /// An eighth of the time left is enough for one block of two operations, and afterwards for a small block of one.
  @Test func whatDoesNotFitIsNamedWhereSmallBlocksTakeAsLong() throws {
    let groups = ["a", "b", "c"].map { slow(0, fixed: 100_000_000, name: $0) }
    let (report, _) = try run(groups, precision: 0.01, budget: 0.9, smallest: 1)
    #expect(report.context.pages == MadeUpRun.pages)
    #expect(report.warnings.contains { $0.what.contains("the first rounds of every case take about") })
  }

  @Test func noVisitBeginsOnceTheBudgetIsSpent() throws {
    // A pass takes 0.6 s: a warm-up and a block of each operation.
    let groups = ["a", "b", "c"].map { slow(0, fixed: 100_000_000, name: $0) }
    let (_, sink) = try run(groups, precision: 0.01, budget: 1)
    #expect(Set(sink.blocks.map(\.place.pass)).count <= 3)
  }

  @Test func blocksKeepTheSizeThatWasAskedFor() throws {
    let (report, _) = try run([slow(1_000_000)], precision: 0.01, budget: 1)
    #expect(report.summaries.first?.measuredCase.pages == 8)
    #expect(report.summaries.first.map { $0.blocks > 0 } == true)
  }
}
