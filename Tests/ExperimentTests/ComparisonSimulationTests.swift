// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

@testable import Experiment

/// Whole comparisons of simulated runs: 81 cases, 8 passes, on a machine that drifts.
///
/// Values of all cases move together by a tenth. A pass's ratio scatters by 1.5 %: half of that variance is what its
/// blocks scatter by, the other half drift, of which a half stays for the whole run, as flicker noise does.
struct SimulatedMachine {
  static let cases = 81
  static let passes = 8
  static let blocks = 8
  static let passDeviation = 0.015

  var normal: Normal
  var runs = 0

  init(seed: UInt64) { normal = Normal(seed: seed) }

  /// - Parameter change: by which one arm's values are multiplied.
  mutating func run(change: Double = 1) -> ComparedRun {
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
        let changed = group == 0 && arm == 3 ? log(change) : 0
        cases.append(
          Made.recorded(
            "b/o\(group)/\(backing)/p=1", series(machine, changed, scatters: arm > 0), baseline: arm == 0 ? nil : base))
      }
    }
    return ComparedRun(name: "run", runID: "\(runs)", cases: cases)
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
    print("equal runs: \(withVerdicts) of \(Self.comparisons) comparisons with a verdict, \(verdicts) verdicts, "
      + "\(Double(same) / rows) shown the same, \(Double(excluding) / rows) intervals without 1")
    #expect(withVerdicts <= SelfcheckResult.allowed(of: Self.comparisons))
    #expect(Double(excluding) / rows < 0.1)
  }

  @Test func aTenthMoreInOneArmIsFound() throws {
    var machine = SimulatedMachine(seed: 14)
    var (found, others) = (0, 0)
    let changed = "b/o0/arm3/p=1"
    for _ in 0..<Self.comparisons {
      let comparison = try Comparison([machine.run()], [machine.run(change: 1.1)], threshold: 0.05)
      found += comparison.row(changed)?.verdict == .slower ? 1 : 0
      others += comparison.rows.count { $0.key != changed && [.slower, .faster].contains($0.verdict) }
    }
    print("a tenth more: found by \(found) of \(Self.comparisons), \(others) other verdicts")
    #expect(Double(found) >= 0.95 * Double(Self.comparisons))
    #expect(Double(others) <= 0.05 * Double(Self.comparisons + others) + 1)
  }
}
