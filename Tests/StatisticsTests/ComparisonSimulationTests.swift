// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

/// Comparisons of two runs of 81 cases on a machine that drifts, each case in its own way, which makes the most
/// alarms.
struct ComparisonSimulationTests {
  static let cases = 81
  static let comparisons = 400

  /// Every case's p-value. Runs are made one after the other, or so far apart that nothing of the state is left; one
  /// case changed.
  private func pValues(
    _ machine: DriftingMachine, areFarApart: Bool = false, change: Double = 0,
    _ generator: inout SeededGenerator
  ) throws -> [Double] {
    try (0..<Self.cases).map { index in
      let runs =
        areFarApart ? [machine.run(&generator), machine.run(&generator)] : machine.runs(2, &generator)
      let sides = try runs.map {
        try #require(
          passEstimate(
            $0.passes, reference: [], priors: [], persistence: areFarApart ? 1 : driftPersistence)
        ).raw
      }
      var difference = differenceOfEstimates(sides[1], sides[0])
      if index == 40 { difference.value += change }
      return difference.pValue(of: 0)
    }
  }

  private func alarms(_ machine: DriftingMachine, areFarApart: Bool) throws -> Int {
    var generator = SeededGenerator(seed: UInt64(9300 + machine.passes))
    return try (0..<Self.comparisons).count { _ in
      falseDiscoveryAdjusted(try pValues(machine, areFarApart: areFarApart, &generator)).contains {
        $0 <= 0.05
      }
    }
  }

  /// One run after the other, and days apart, where all of the drift within a run counts.
  @Test(arguments: [5, 8, 12], [false, true]) func nothingChanged(passes: Int, areFarApart: Bool) throws {
    let found = try alarms(DriftingMachine(passes: passes), areFarApart: areFarApart)
    report("81 cases, none changed, far apart: \(areFarApart)", passes, found, of: Self.comparisons)
    #expect(Double(found) <= 0.07 * Double(Self.comparisons))
  }

  /// A tenth more in one of the cases, whose passes scatter by 1.5 %: because blocks do by 4 %, or half because of
  /// drift. 5 passes are too few.
  @Test(arguments: [(8, 0.004, 0.04, 0.85), (12, 0.004, 0.04, 0.95), (12, 0.0088, 0.03, 0.95)])
  func oneChanged(passes: Int, drift: Double, noise: Double, least: Double) throws {
    let machine = DriftingMachine(
      wanderings: [0.5, 5, 50].map { Wandering(seconds: $0, spread: drift) }, noise: noise, passes: passes)
    var generator = SeededGenerator(seed: UInt64(9400 + passes))
    var (found, others) = (0, 0)
    var deviations: [Double] = []
    for _ in 0..<Self.comparisons {
      deviations.append(moments(machine.run(&generator).passes.map(\.value)).deviation)
      let values = try pValues(machine, change: log(1.1), &generator)
      var discovered = falseDiscoveryAdjusted(values).map { $0 <= 0.05 }
      if discovered[40] { found += 1 }
      discovered[40] = false
      others += discovered.count { $0 }
    }
    let more = "pass sd \(moments(deviations).mean), of others \(others)"
    report("10 % in one of 81 cases, found", passes, found, of: Self.comparisons, more)
    #expect(Double(found) >= least * Double(Self.comparisons))
    #expect(others <= Self.comparisons / 5)
  }
}
