// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

@testable import Analysis

/// Whole comparisons of simulated runs: 81 cases, 8 passes, on a machine that drifts.
///
/// Values of all cases move together by a tenth. A pass's ratio scatters by 1.5 %: half of that variance is what its
/// blocks scatter by, the other half drift, of which a half stays for the whole run, as flicker noise does.
struct SimulatedMachine {
  static let cases = 81
  static let passes = 8
  static let blocks = 8
  static let passDeviation = 0.015
  static let changed = "arm3"

  var normal: Normal
  var runs = 0

  init(seed: UInt64) { normal = Normal(seed: seed) }

  /// - Parameters:
  ///   - change: by which one arm's values are multiplied.
  ///   - groups: in how many groups.
  mutating func run(change: Double = 1, groups: Int = 9) -> ComparedRun {
    runs += 1
    var cases: [RecordedCase] = []
    // Groups of a baseline and eight arms.
    for group in 0..<Self.cases / 9 {
      let base = "b/o\(group)/guest_memfd/p=1"
      var machine: [Double] = []
      var level = 0.1 * normal.next()
      for _ in 0..<Self.passes * Self.blocks {
        level += 0.01 * normal.next()
        machine.append(level)
      }
      for arm in 0..<9 {
        let backing = arm == 0 ? "guest_memfd" : arm == 1 ? "anonymous" : "arm\(arm)"
        let changed = group < groups && backing == Self.changed ? log(change) : 0
        cases.append(
          Made.recorded(
            "b/o\(group)/\(backing)/p=1", series(machine, changed, scatters: arm > 0),
            baseline: arm == 0 ? nil : base))
      }
    }
    return ComparedRun(name: "run", runID: "\(runs)", startedAt: 0, cases: cases)
  }

  private mutating func series(_ machine: [Double], _ shift: Double, scatters: Bool) -> BlockSeries {
    let variance = scatters ? Self.passDeviation * Self.passDeviation / 2 : 0
    let (drift, block) = ((variance / 2).squareRoot(), (variance * Double(Self.blocks)).squareRoot())
    let run = drift * normal.next()
    let passes = (0..<Self.passes).map { _ in run + drift * normal.next() }
    var generator = normal
    let series = Made.series(passes: Self.passes, blocks: Self.blocks) { pass, number in
      let noise = passes[pass] + block * generator.next()
      return 1000 * exp(shift + machine[pass * Self.blocks + number] + noise)
    }
    normal = generator
    return series
  }
}

@Suite struct ComparisonSimulationTests {
  /// How many a comparison takes is a matter of minutes in a debug build: GMEMBENCH_SIMULATIONS asks for more.
  private static let comparisons =
    ProcessInfo.processInfo.environment["GMEMBENCH_SIMULATIONS"].flatMap { Int($0) } ?? 30

  @Test func fewComparisonsOfEqualRunsGiveAVerdict() throws {
    var machine = SimulatedMachine(seed: 13)
    var (withVerdicts, verdicts, same, excluding) = (0, 0, 0, 0)
    for _ in 0..<Self.comparisons {
      let comparison = try Comparison([machine.run()], [machine.run()], threshold: 0.05)
      let claims = comparison.count(.slower) + comparison.count(.faster)
      withVerdicts += claims > 0 ? 1 : 0
      verdicts += claims
      same += comparison.count(.same)
      excluding += comparison.rows.count { !$0.judged.location.interval().contains(0) }
    }
    let rows = Double(SimulatedMachine.cases * Self.comparisons)
    let figures: Comment = """
      \(withVerdicts) of \(Self.comparisons) comparisons with a verdict, \(verdicts) verdicts, \(Double(same) / rows) shown \
      the same, \(Double(excluding) / rows) intervals without 1
      """
    #expect(withVerdicts <= SelfcheckResult.allowed(of: Self.comparisons), figures)
    #expect(Double(same) / rows > 0.9, figures)
    // Of 95 % intervals; too many would be a sign of intervals that are too narrow.
    #expect(Double(excluding) / rows < 0.15, figures)
  }

  /// In all groups, as a backing gets slower that does more for each page; and in one alone of 81 cases, which a rate of
  /// false discoveries must be surer of.
  @Test(arguments: [(9, 0.95), (1, 0.8)]) func aTenthMoreInOneArmIsFound(groups: Int, share: Double) throws {
    var machine = SimulatedMachine(seed: 14)
    var (found, others) = (0, 0)
    for _ in 0..<Self.comparisons {
      let comparison = try Comparison(
        [machine.run()], [machine.run(change: 1.1, groups: groups)], threshold: 0.05)
      for row in comparison.rows where [.slower, .faster].contains(row.verdict) {
        let isChanged = (0..<groups).contains { row.key == "b/o\($0)/\(SimulatedMachine.changed)/p=1" }
        found += isChanged && row.verdict == .slower ? 1 : 0
        others += isChanged ? 0 : 1
      }
    }
    let figures: Comment = "found in \(found) of \(groups * Self.comparisons) cases, \(others) other verdicts"
    #expect(Double(found) >= share * Double(groups * Self.comparisons), figures)
    #expect(Double(others) <= 0.05 * Double(found + others) + 1, figures)
  }
}
