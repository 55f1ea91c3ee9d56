// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

@testable import Analysis
@testable import Model

/// A machine that is not alike on the two sides.
@Suite struct ComparisonStateTests {
  /// A run whose interrupts take so long in each pass; a page of the arm waits for one, a page of the baseline for none.
  private func run(_ interrupts: [Double], delay: Double = 0) -> ComparedRun {
    let probes = { (pass: Int) in Probes(interrupt: interrupts[pass], instructions: 1000, memory: 100) }
    func jitter(_ pass: Int, _ block: Int) -> Double { 1 + 0.002 * sin(Double(7 * pass + 3 * block)) }
    let base = Made.series(trips: 0, probes: probes) { pass, block in 2000 * jitter(pass, block) }
    let arm = Made.series(trips: 1, probes: probes) { pass, block in
      (2000 + interrupts[pass] + delay) * jitter(block, pass)
    }
    let center = interrupts.sorted()[interrupts.count / 2]
    return Made.run(
      [Made.recorded(Made.base, base), Made.recorded("b/o/memfd_secret/p=1", arm, baseline: Made.base)],
      state: [log(center), log(1000), log(100)])
  }

  private let calm = [9000.0, 9010, 8990, 9005, 8995, 9008, 9000, 8992]

  @Test func aModeFlipThatInterruptsExplainIsNoChange() throws {
    let flipped = [9000.0, 11_900, 9005, 12_000, 12_010, 11_990, 11_995, 12_005]
    for new in [calm.map { $0 + 3000 }, flipped] {
      let comparison = try Comparison([run(calm)], [run(new)], threshold: 0.05)
      let row = try #require(comparison.row("b/o/memfd_secret/p=1"))
      #expect(row.judged.isAdjusted && row.verdict != .slower && comparison.adjustedRows == 1)
      #expect(abs(row.judged.estimate.value - 1) < 0.05)
      #expect(row.new / row.old > 1.2)
      let shift = try #require(comparison.probes.first { $0.kind == .interrupt })
      #expect(abs(shift.change - 0.33) < 0.01)
    }
    // A kernel that takes longer beside the same flip is told from it.
    let slower = try Comparison([run(calm)], [run(calm.map { $0 + 3000 }, delay: 3000)], threshold: 0.05)
    #expect(slower.row("b/o/memfd_secret/p=1")?.verdict == .slower)
  }

  @Test func aProbeThatARunLacksIsNotUsed() throws {
    var without = run(calm.map { $0 + 3000 })
    without.state = [nil, log(1000), log(100)]
    let comparison = try Comparison([run(calm)], [without], threshold: 0.05)
    #expect(comparison.probes.map(\.kind) == [.instructions, .memory] && comparison.adjustedRows == 0)
    #expect(comparison.row("b/o/memfd_secret/p=1")?.verdict == .slower)
  }

  @Test func theLevelOfEachPassIsNamed() throws {
    func run(_ levels: [Double]) -> ComparedRun {
      Made.run([Made.recorded("a", Made.series { pass, block in levels[pass] + Double(block) })])
    }
    let old = run([11_400, 11_405, 11_398, 11_402, 11_401, 11_399, 11_404, 11_400])
    let new = run([13_900, 13_905, 11_400, 13_902, 11_403, 13_899, 13_901, 11_399])
    let levels = try #require(try Comparison([old], [new], threshold: 0.05).rows.first?.levels)
    #expect(levels.centers.map { $0.rounded(.down) / 100 }.map { $0.rounded() } == [114, 139])
    #expect(levels.old == [8, 0] && levels.new == [3, 5])
    // All passes of a run moved: that is the change itself.
    let all = run([13_900, 13_905, 13_900, 13_902, 13_903, 13_899, 13_901, 13_899])
    #expect(try Comparison([old], [all], threshold: 0.05).rows.first?.levels == nil)
    #expect(try Comparison([old], [old], threshold: 0.05).rows.first?.levels == nil)
  }

  @Test func runsWithoutPassesAreComparedByStretches() throws {
    func run(_ ratio: Double, hasPasses: Bool) -> ComparedRun {
      func series(_ center: Double) -> BlockSeries {
        Made.series(hasPasses: hasPasses) { pass, block in
          center * (1 + 0.02 * sin(Double(pass * 4 + block) / 5))
        }
      }
      return Made.run([
        Made.recorded(Made.base, Made.tight(1000)),
        Made.recorded(Made.arm, series(1000 * ratio), baseline: Made.base),
      ])
    }
    let old = run(1, hasPasses: false)
    #expect(!old.lacksPasses)
    let bare = Made.run([Made.recorded("a", Made.series(hasPasses: false) { _, _ in 1 })])
    #expect(bare.lacksPasses)
    let row = try Comparison([old], [run(1.3, hasPasses: true)], threshold: 0.05).row(Made.arm)
    #expect(row?.verdict == .slower)
  }
}
