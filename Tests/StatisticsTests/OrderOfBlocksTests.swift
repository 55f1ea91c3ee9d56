// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

struct AutocorrelationTests {
  /// NIST StRD, Lottery: Maryland's Pick-3, 1989 to 1990.
  static let lottery: [Double] = [
    162, 671, 933, 414, 788, 730, 817, 33, 536, 875, 670, 236, 473, 167, 877, 980, 316, 950, 456,
    92, 517, 557, 956, 954, 104, 178, 794, 278, 147, 773, 437, 435, 502, 610, 582, 780, 689, 562,
    964, 791, 28, 97, 848, 281, 858, 538, 660, 972, 671, 613, 867, 448, 738, 966, 139, 636, 847,
    659, 754, 243, 122, 455, 195, 968, 793, 59, 730, 361, 574, 522, 97, 762, 431, 158, 429, 414, 22,
    629, 788, 999, 187, 215, 810, 782, 47, 34, 108, 986, 25, 644, 829, 630, 315, 567, 919, 331, 207,
    412, 242, 607, 668, 944, 749, 168, 864, 442, 533, 805, 372, 63, 458, 777, 416, 340, 436, 140,
    919, 350, 510, 572, 905, 900, 85, 389, 473, 758, 444, 169, 625, 692, 140, 897, 672, 288, 312,
    860, 724, 226, 884, 508, 976, 741, 476, 417, 831, 15, 318, 432, 241, 114, 799, 955, 833, 358,
    935, 146, 630, 830, 440, 642, 356, 373, 271, 715, 367, 393, 190, 669, 8, 861, 108, 795, 269,
    590, 326, 866, 64, 523, 862, 840, 219, 382, 998, 4, 628, 305, 747, 247, 34, 747, 729, 645, 856,
    974, 24, 568, 24, 694, 608, 480, 410, 729, 947, 293, 53, 930, 223, 203, 677, 227, 62, 455, 387,
    318, 562, 242, 428, 968,
  ]

  @Test func lottery() {
    #expect(Self.lottery.count == 218)
    #expect(isClose(lag1Autocorrelation(Self.lottery), -0.120948622967393, tolerance: 1e-14))
    let values = Distribution(Self.lottery)
    #expect(isClose(values.mean, 518.958715596330, tolerance: 1e-14))
    #expect(isClose(values.standardDeviation, 291.699727470969, tolerance: 1e-14))
  }

  /// NIST StRD, NumAcc1: -1/2 from three values of eight digits.
  @Test func numAcc1() {
    #expect(lag1Autocorrelation([10_000_001, 10_000_003, 10_000_002]) == -0.5)
  }

  /// NIST StRD, NumAcc2 to 4: -0.999, as far as the values have digits left.
  @Test(arguments: [
    (1.2, 1.1, 1.3, 1e-13), (1_000_000.2, 1_000_000.1, 1_000_000.3, 1e-9),
    (10_000_000.2, 10_000_000.1, 10_000_000.3, 1e-8),
  ])
  func numAcc2To4(first: Double, low: Double, high: Double, tolerance: Double) {
    let values = [first] + (0..<500).flatMap { _ in [low, high] }
    #expect(isClose(lag1Autocorrelation(values), -0.999, tolerance: tolerance))
  }

  @Test func withoutAnswer() {
    #expect(lag1Autocorrelation([]) == nil)
    #expect(lag1Autocorrelation([1]) == nil)
    #expect(lag1Autocorrelation([5, 5, 5]) == nil)
    #expect(lag1Autocorrelation([1, .nan, 2]) == nil)
    #expect(lag1Autocorrelation([1, .infinity]) == nil)
    #expect(lag1Autocorrelation([1e308, 1e308, -1e308]) == nil)
  }

  @Test func squaresNeitherOverflowNorVanish() {
    #expect(lag1Autocorrelation([-1e307, 1e307]) == -0.5)
    #expect(lag1Autocorrelation([-1e-300, 1e-300]) == -0.5)
  }
}

struct TrendTests {
  @Test func aRiseIsFound() throws {
    let rise = try #require(trend(of: (0..<10).map { 5 + 2 * Double($0) }))
    #expect(rise.slope == 2)
    // All 45 pairs rise; their variance is 125.
    #expect(isClose(rise.pValue, erfc(44 / 250.0.squareRoot())))
    #expect(trend(of: (0..<10).map { 5 - 2 * Double($0) }) == Trend(slope: -2, pValue: rise.pValue))
  }

  @Test func outliersDoNotTiltIt() throws {
    var values = (0..<20).map(Double.init)
    values[3] = 1e9
    values[15] = -1e9
    #expect(trend(of: values)?.slope == 1)
  }

  @Test func constantAndTwoValues() {
    #expect(trend(of: [4, 4, 4, 4]) == Trend(slope: 0, pValue: 1))
    #expect(trend(of: [4, 6]) == Trend(slope: 2, pValue: 1))
  }

  @Test func withoutAnswer() {
    #expect(trend(of: []) == nil)
    #expect(trend(of: [1]) == nil)
    #expect(trend(of: [1, .nan]) == nil)
    #expect(trend(of: [1, 2, .infinity]) == nil)
    #expect(trend(of: [-1e308, 1e308]) == nil)
  }

  @Test func blocksWithoutATrendShowOneAsOftenAsStated() {
    for count in [10, 40] {
      var generator = SeededGenerator(seed: UInt64(count))
      let alarms = (0..<2000).count { _ in
        let values = (0..<count).map { _ in generator.lognormal(median: 100, spread: 0.1) }
        return trend(of: values).map { $0.pValue <= 0.05 } ?? true
      }
      #expect(alarms <= binomialBound(trials: 2000, probability: 0.05))
    }
  }
}
