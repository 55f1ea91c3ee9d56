// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@testable import Harness

/// Where /proc/interrupts is read: around every block, or where that takes too long around few.
@Suite("counting interrupts", .serialized)
struct InterruptCountingTests {
  private func run(
    seconds: Double
  ) throws -> (asked: [Bool], report: RunReport, blocks: [Block]) {
    let operation = MadeUpRun.spec { _, context throws(Refusal) in try MadeUpRun.call(context, ticks: 800) }
    let plan = Plan(
      name: "made-up",
      groups: [CaseGroup(spec: operation.spec, cases: [MadeUpRun.measured(.memfd)], baselines: [:])],
      precision: 1e-9, budget: 1, seed: 1)
    var slow: PassThatReadsInterrupts?
    let (report, sink) = try MadeUpRun.run(
      plan, [operation],
      through: { pass in
        let measurer = PassThatReadsInterrupts(pass, seconds: seconds)
        slow = measurer
        return measurer
      })
    return (try #require(slow).asked, report, sink.blocks)
  }

  @Test func everyBlockIsCountedWhereThatTakesLittle() throws {
    let (asked, report, blocks) = try run(seconds: 1e-9)
    #expect(asked.allSatisfy(\.self) && asked.count > 2)
    #expect(report.summaries[0].reason?.contains("interrupts") != true)
    #expect(blocks.allSatisfy { $0.counters.calInterrupts != nil } || blocks[0].counters.calInterrupts == nil)
  }

  /// A second is longer than a block, and more than 5 % of the run: one warm-up block has it, and the row says so.
  @Test func whereItTakesLongWarmUpsAreCountedAndTheRowSaysSo() throws {
    let (asked, report, blocks) = try run(seconds: 1)
    #expect(asked.first == true && asked.dropFirst().allSatisfy { !$0 } && asked.count > 2)
    let reason = try #require(report.summaries[0].reason)
    let hasRows = blocks[0].counters.calInterrupts != nil
    #expect(
      reason.contains(
        "interrupts were counted around \(hasRows ? "1 warm-up block" : "0 warm-up blocks") alone"))
    #expect(blocks.dropFirst().allSatisfy { $0.counters.calInterrupts == nil })
    #expect(report.summaries[0].counters.calInterrupts == nil)
  }

  @Test func theFirstRoundDecides() {
    let little = InterruptCounting(reading: 0.001, round: 0.02)
    #expect(little == .everyBlock && little.words(warmUps: 3) == nil)
    #expect(little.counts(isWarmUp: false, spent: 1000, elapsed: 1))
    let much = InterruptCounting(reading: 0.01, round: 0.02)
    #expect(much == .warmUps(share: 0.5))
    #expect(!much.counts(isWarmUp: false, spent: 0, elapsed: 1))
    #expect(much.counts(isWarmUp: true, spent: 0.05, elapsed: 1))
    #expect(!much.counts(isWarmUp: true, spent: 0.06, elapsed: 1))
    #expect(
      much.words(warmUps: 3)
        == "interrupts were counted around 3 warm-up blocks alone: reading /proc/interrupts takes 50 % of a block's time here"
    )
  }
}
