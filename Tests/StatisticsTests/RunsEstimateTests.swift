// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Statistics

private typealias Location = PassEstimate.Location

struct RunsEstimateTests {
  private func run(_ value: Double, _ error: Double, freedom: Double = 7) -> Location {
    Location(value: value, standardError: error, degreesOfFreedom: freedom)
  }

  @Test func oneRunIsItself() {
    #expect(runsEstimate([run(3, 0.5)]) == run(3, 0.5))
    #expect(runsEstimate([]) == nil)
    #expect(runsEstimate([run(.nan, 0.5)]) == nil)
  }

  /// Values 1 and 1: only their own errors count.
  @Test func runsThatAgree() throws {
    let both = try #require(runsEstimate([run(1, 0.3), run(1, 0.4)]))
    #expect(both.value == 1 && isClose(both.standardError, (0.125 / 2).squareRoot()))
    #expect(isClose(both.degreesOfFreedom, 0.25 * 0.25 / ((0.09 * 0.09 + 0.16 * 0.16) / 7)))
  }

  /// s² = 8 of their values, and 0.02 of their own.
  @Test func runsThatDiffer() throws {
    let both = try #require(runsEstimate([run(1, 0.1), run(5, 0.1732050807568877)]))
    #expect(both.value == 3 && isClose(both.standardError, 2))
    #expect(both.degreesOfFreedom > 1 && both.degreesOfFreedom < 1.01)
  }

  @Test func aVarianceKnownFromElsewhere() throws {
    let alone = try #require(runsEstimate([run(3, 0.1)], betweenRunVariance: (0.25, 20)))
    #expect(isClose(alone.standardError, 0.5))
    #expect(alone.degreesOfFreedom > 20 && alone.degreesOfFreedom < 22)
    // Pooled with s² = 2 of one degree: (2 + 20 × 0.25) / 21.
    let both = try #require(runsEstimate([run(3, 0.1), run(5, 0.1)], betweenRunVariance: (0.25, 20)))
    #expect(isClose(both.standardError, (7.0 / 21 / 2).squareRoot()))
    let precise = try #require(runsEstimate([run(3, 1)], betweenRunVariance: (0.25, 20)))
    #expect(precise.standardError == 1 && isClose(precise.degreesOfFreedom, 7))
  }

  @Test func runsOfOnePass() throws {
    let three = try #require(runsEstimate([1, 2, 3].map { run($0, .infinity, freedom: 0) }))
    #expect(isClose(three.standardError, (1.0 / 3).squareRoot()) && three.degreesOfFreedom == 2)
    #expect(runsEstimate([run(1, .infinity, freedom: 0)])?.interval() == .unbounded)
  }

  @Test func runsThatDoNotVary() throws {
    let same = try #require(runsEstimate([run(1, 0), run(1, 0), run(1, 0)]))
    #expect(same.interval() == Interval(low: 1, high: 1) && same.pValue(of: 1) == 1)
  }

  /// Runs whose own errors are right, and runs that differ by as much and by three times as much again.
  @Test(arguments: [2, 3, 5, 8], [0.0, 1, 3]) func coverage(runs: Int, beyond: Double) throws {
    let experiments = 2000
    var generator = SeededGenerator(seed: UInt64(9800 + runs))
    var covered = 0
    for _ in 0..<experiments {
      let estimates = (0..<runs).map { _ in
        // A chi-squared of 7 degrees of freedom makes its own standard error.
        let squares = (0..<7).reduce(0.0) { sum, _ in
          let value = generator.normal()
          return sum + value * value
        }
        return run(generator.normal() + beyond * generator.normal(), (squares / 7).squareRoot())
      }
      let all = try #require(runsEstimate(estimates))
      if all.interval().contains(0) { covered += 1 }
    }
    report("runs together, beyond their own errors: \(beyond)", runs, covered, of: experiments)
    #expect(Double(covered) >= 0.8 * Double(experiments))
  }

  /// Runs of days apart on a machine that drifts.
  @Test(arguments: [1, 2, 3, 5]) func coverageUnderDrift(runs: Int) throws {
    let experiments = 1000
    var generator = SeededGenerator(seed: UInt64(9900 + runs))
    var covered = 0
    for _ in 0..<experiments {
      let estimates = (0..<runs).compactMap { _ in
        passEstimate(DriftingMachine().run(&generator).passes, reference: [], priors: [])?.raw
      }
      if try #require(runsEstimate(estimates)).interval().contains(0) { covered += 1 }
    }
    report("runs together under drift", runs, covered, of: experiments)
    // One run does not see how far its machine drifts in days.
    #expect(Double(covered) >= (runs == 1 ? 0.85 : 0.9) * Double(experiments))
  }
}
