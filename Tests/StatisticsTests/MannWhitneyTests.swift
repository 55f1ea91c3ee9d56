// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Statistics

struct MannWhitneyTests {
  @Test func manyValues() throws {
    let test = try #require(
      mannWhitneyTest(
        baseline: (0..<600).map { 2 * Double($0) - 41 }, values: (0..<500).map { 2 * Double($0) }))
    #expect(test.u == 135_250)
    #expect(abs(test.pValue - 0.00493353608) < 5e-12)
  }

  @Test func fourAndFour() throws {
    let test = try #require(mannWhitneyTest(baseline: [12, 11, 13, 15], values: [2, 1, 3, 5]))
    #expect(test.u == 0)
    #expect(isClose(test.pValue, 2.0 / 70))
  }

  @Test func exchangingTheSamplesMirrorsU() throws {
    let (first, second): ([Double], [Double]) = ([1, 5, 5, 8, 9], [2, 5, 7])
    let forth = try #require(mannWhitneyTest(baseline: first, values: second))
    let back = try #require(mannWhitneyTest(baseline: second, values: first))
    #expect(forth.u + back.u == 15)
    #expect(forth.pValue == back.pValue)
  }

  @Test func whatDoesNotDifferHasAPOfOne() {
    #expect(mannWhitneyTest(baseline: [3, 3, 3], values: [3, 3]) == MannWhitneyTest(u: 3, pValue: 1))
    #expect(mannWhitneyTest(baseline: [1], values: [2]) == MannWhitneyTest(u: 1, pValue: 1))
    #expect(mannWhitneyTest(baseline: [1, 4], values: [2, 3]) == MannWhitneyTest(u: 2, pValue: 1))
    #expect(mannWhitneyTest(baseline: [1, 2, 2], values: [2, 1, 2])?.pValue == 1)
  }

  @Test func enormousAndInfiniteValuesAreRanked() {
    let greatest = Double.greatestFiniteMagnitude
    let test = mannWhitneyTest(
      baseline: [-.infinity, -greatest, -1, 0], values: [greatest, .infinity, 2, 3])
    #expect(test?.u == 16)
  }

  @Test func withoutAnswer() {
    #expect(mannWhitneyTest(baseline: [], values: [1]) == nil)
    #expect(mannWhitneyTest(baseline: [1], values: []) == nil)
    #expect(mannWhitneyTest(baseline: [1], values: [.nan]) == nil)
  }
}
