// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

struct RankDistributionTests {
  /// Critical values of Wilcoxon's signed-rank test, two-sided 5 % (Wilcoxon & Wilcox 1964, as tables print them).
  @Test(arguments: [
    (6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (11, 10), (12, 13), (13, 17), (14, 21), (15, 25), (16, 29),
    (17, 34), (18, 40), (19, 46), (20, 52), (21, 58), (22, 65), (23, 73), (24, 81), (25, 89),
  ])
  func signedRank5(count: Int, critical: Int) {
    #expect(signedRankTail(count: count, probability: 0.025) == critical)
  }

  /// The same at 1 %.
  @Test(arguments: [(8, 0), (9, 1), (10, 3), (12, 7), (15, 15), (20, 37), (25, 68)])
  func signedRank1(count: Int, critical: Int) {
    #expect(signedRankTail(count: count, probability: 0.005) == critical)
  }

  @Test(arguments: 0..<6)
  func tooFewForSignedRanks(count: Int) {
    #expect(signedRankTail(count: count, probability: 0.025) == nil)
  }

  /// Critical values of the Mann-Whitney test, two-sided 5 %, as tables print them.
  @Test(arguments: [
    (4, 4, 0), (3, 5, 0), (2, 8, 0), (5, 5, 2), (6, 6, 5), (7, 7, 8), (8, 8, 13), (10, 10, 23), (12, 7, 18),
    (15, 15, 64), (20, 20, 127), (20, 5, 20),
  ])
  func mannWhitney5(first: Int, second: Int, critical: Int) {
    #expect(mannWhitneyTail(first, second, probability: 0.025) == critical)
    #expect(mannWhitneyTail(second, first, probability: 0.025) == critical)
  }

  /// {2, 1, 3, 5} against {12, 11, 13, 15}: one arrangement in 70, two-sided 0.0285714.
  @Test func mannWhitneyOfFourAndFour() {
    #expect(mannWhitneyTail(4, 4, probability: 0.0285714 / 2) == nil)
    #expect(mannWhitneyTail(4, 4, probability: 0.0285715 / 2) == 0)
    #expect(mannWhitneyTail(3, 4, probability: 0.025) == nil)
    #expect(mannWhitneyTail(0, 4, probability: 0.025) == nil)
  }

  /// 2·(0…499) against 2·(0…599) - 41: U is 135,250, and no pair is tied.
  @Test func pairsOutOfOrderAreMannWhitneysU() {
    let differences = PairwiseDifferences(
      from: (0..<500).map { 2 * Double($0) }, to: (0..<600).map { 2 * Double($0) - 41 })
    #expect(differences.countAtMost(0) == 135_250)
  }

  /// The approximations carry on where the exact counts end, without a step.
  @Test func approximationsMeetTheExactCounts() throws {
    let size = Double(exactSignedRankLimit)
    let exact = try #require(signedRankTail(count: exactSignedRankLimit, probability: 0.025))
    let deviation = (size * (size + 1) * (2 * size + 1) / 24).squareRoot()
    #expect(abs(Double(exact) - (size * (size + 1) / 4 - 1.96 * deviation - 0.5)) < 4)
    let counted = try #require(mannWhitneyTail(30, 30, probability: 0.025))
    #expect(abs(Double(counted) - (450 - 1.96 * (900.0 * 61 / 12).squareRoot() - 0.5)) < 4)
  }

  @Test func normalQuantilesAgreeWithScipy() {
    for (probability, expected) in zip([0.25, 0.025, 0.005, 1e-6, 1e-12], Vectors.normalQuantiles) {
      #expect(isClose(upperNormalQuantile(probability), expected))
    }
    #expect(upperNormalQuantile(0.5) < 1e-15)
  }
}
