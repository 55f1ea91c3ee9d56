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

  private func alarms(_ machine: DriftingMachine, areFarApart: Bool, dependent: Bool) throws -> Int {
    var generator = SeededGenerator(seed: UInt64(9300 + machine.passes))
    return try (0..<Self.comparisons).count { _ in
      let values = try pValues(machine, areFarApart: areFarApart, &generator)
      return falseDiscoveryAdjusted(values, dependent: dependent).contains { $0 <= 0.05 }
    }
  }

  @Test(arguments: [5, 8, 12]) func nothingChanged(passes: Int) throws {
    let machine = DriftingMachine(passes: passes)
    let found = try alarms(machine, areFarApart: false, dependent: false)
    report("81 cases, none changed, any found", passes, found, of: Self.comparisons)
    #expect(Double(found) <= 0.06 * Double(Self.comparisons))
    let dependent = try alarms(machine, areFarApart: false, dependent: true)
    report("the same, dependent", passes, dependent, of: Self.comparisons)
    #expect(dependent <= found)
  }

  /// Days apart: what a run's drift cannot tell is in the way of both, and only the cautious procedure holds.
  @Test(arguments: [5, 8, 12]) func nothingChangedInDays(passes: Int) throws {
    let machine = DriftingMachine(passes: passes)
    for dependent in [false, true] {
      let found = try alarms(machine, areFarApart: true, dependent: dependent)
      report("81 cases, none changed in days, dependent: \(dependent)", passes, found, of: Self.comparisons)
      #expect(Double(found) <= (dependent ? 0.06 : 0.2) * Double(Self.comparisons) + 4)
    }
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
      var discovered = falseDiscoveryAdjusted(values, dependent: false).map { $0 <= 0.05 }
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
