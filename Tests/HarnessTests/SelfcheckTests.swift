// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@testable import Analysis
@testable import Model

@Suite("what a selfcheck comes to")
struct SelfcheckTests {
  private func pair(_ number: Int, ratio: LocationEstimate?, shift: LocationEstimate? = nil) -> [Summary] {
    let cases = [2 * number, 2 * number + 1].map { MadeUpRun.measured(.memfd, replica: $0) }
    var rows = cases.map { Summary($0, axis: .replica, unit: .nanoseconds, method: "", pageBytes: 4096) }
    rows[1].baseline = cases[0]
    rows[1].estimates.blocks = 8
    rows[1].estimates.effect = Effect(
      shift: shift ?? LocationEstimate(value: 0, interval: .unbounded), ratio: ratio, isPaired: true)
    return rows
  }

  private func estimate(_ low: Double, _ value: Double, _ high: Double) -> LocationEstimate {
    LocationEstimate(value: value, interval: Interval(low: low, high: high))
  }

  @Test func countsIntervalsThatExcludeOne() throws {
    let rows =
      (0..<90).flatMap { pair($0, ratio: estimate(0.98, 1, 1.02)) }
      + (90..<100).flatMap { pair($0, ratio: estimate(1.001, 1.01, 1.02)) }
    let result = try #require(SelfcheckResult(rows))
    #expect(result.comparisons == 100 && result.alarms == 10 && result.allowedAlarms == 10)
    #expect(result.passes)
    #expect(result.measuredCase == MadeUpRun.measured(.memfd))
    let worse = try #require(SelfcheckResult(rows + pair(100, ratio: estimate(0.9, 0.95, 0.99))))
    #expect(worse.alarms == 11 && !worse.passes)
  }

  @Test func tellsTheSmallestDifferenceThatWouldHaveBeenFound() throws {
    // Lower bounds 0.99, 0.98, … 0.80: a factor of 1 / 0.84 lifts 16 of 20 to 1.
    let rows = (1...20).flatMap { pair($0, ratio: estimate(1 - Double($0) / 100, 1, 1.1)) }
    let result = try #require(SelfcheckResult(rows))
    #expect(result.detectable.map(\.power) == [0.8, 0.95])
    #expect(abs(result.detectable[0].ratio - 1 / 0.84) < 1e-12)
    #expect(abs(result.detectable[1].ratio - 1 / 0.81) < 1e-12)
  }

  @Test(arguments: [(0, true), (1, true), (2, false)]) func ofADelayNearlyAllComparisonsFindIt(
    missed: Int, passes: Bool
  ) throws {
    var rows = (0..<20).flatMap {
      pair($0, ratio: estimate($0 < missed ? 0.99 : 1.02, 1.05, 1.1), shift: estimate(90, 110, 130))
    }
    for row in rows.indices where rows[row].baseline != nil {
      rows[row].detail = MethodDetail(.delay, fault: 1000, added: 100)
    }
    let result = try #require(SelfcheckResult(rows))
    #expect(result.delay == 100 && result.shift == 110)
    #expect(result.found == 20 - missed && result.passes == passes)
  }

  @Test func whatHasNoIntervalIsNotCounted() throws {
    let rows =
      pair(0, ratio: estimate(0.9, 1, 1.1)) + pair(1, ratio: estimate(-.infinity, 1, .infinity))
      + pair(2, ratio: nil)
    let result = try #require(SelfcheckResult(rows))
    #expect(result.comparisons == 1 && result.withoutInterval == 2)
    #expect(SelfcheckResult(pair(0, ratio: nil)) == nil)
  }

  @Test(arguments: [(20, 4), (100, 10), (1000, 66)]) func theBoundIsTheBinomials(
    comparisons: Int, allowed: Int
  ) {
    #expect(SelfcheckResult.allowed(of: comparisons) == allowed)
  }
}
