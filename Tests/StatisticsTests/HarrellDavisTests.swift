// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Statistics

struct HarrellDavisTests {
  static let quarters: [Double] = [100, 0, 25, 75, 50]

  @Test(arguments: [(0.25, 19.2481103578583), (0.1, 4.81290947065674), (0.5, 50)])
  func knownQuantiles(p: Double, expected: Double) {
    #expect(isClose(harrellDavisQuantile(Self.quarters, p), expected, tolerance: 1e-14))
  }

  @Test func theEndsAreMinimumAndMaximum() {
    #expect(harrellDavisQuantile(Self.quarters, 0) == 0)
    #expect(harrellDavisQuantile(Self.quarters, 1) == 100)
  }

  @Test func withoutAnswer() {
    #expect(harrellDavisQuantile([], 0.5) == nil)
    #expect(harrellDavisQuantile([1, .nan], 0.5) == nil)
    #expect(harrellDavisQuantile([1, -.infinity], 0) == nil)
  }

  /// Neither rounding nor overflow leaves the values' range.
  @Test(arguments: [7, -3, 0, 0.1, Double.greatestFiniteMagnitude, -Double.greatestFiniteMagnitude])
  func equalValuesAreEveryQuantile(value: Double) {
    for count in 1...30 {
      for p in [0.01, 0.3, 0.5, 0.999] {
        #expect(harrellDavisQuantile([Double](repeating: value, count: count), p) == value)
      }
    }
  }

  @Test func manyValuesComeCloseToTheNearestRank() {
    let values = (1...2000).map(Double.init)
    for p in [0.001, 0.1, 0.5, 0.99] {
      #expect(isClose(harrellDavisQuantile(values, p), p * 2000 + 0.5, tolerance: 2e-3))
    }
  }
}

struct IncompleteBetaTests {
  @Test func closedForms() {
    for x in [0, 1e-9, 0.1, 0.25, 0.5, 0.75, 0.9, 1] {
      #expect(isClose(regularizedIncompleteBeta(x, 1, 1), x, tolerance: 1e-14))
      #expect(isClose(regularizedIncompleteBeta(x, 3, 1), x * x * x, tolerance: 1e-14))
      #expect(isClose(regularizedIncompleteBeta(x, 2, 2), x * x * (3 - 2 * x), tolerance: 1e-14))
    }
  }

  @Test func mirrorImagesAddUpToOne() {
    for (a, b) in [(0.1, 0.1), (0.5, 20), (300, 200), (5000, 5000)] {
      for x in [0.001, 0.3, 0.5, 0.6, 0.99] {
        let sum = regularizedIncompleteBeta(x, a, b) + regularizedIncompleteBeta(1 - x, b, a)
        #expect(abs(sum - 1) < max(1e-13, 4e-15 * (a + b)))
      }
    }
  }

  @Test func aSymmetricOneIsHalvedInTheMiddle() {
    for a in [0.01, 1, 33, 1000, 1e6] {
      #expect(abs(regularizedIncompleteBeta(0.5, a, a) - 0.5) < max(1e-13, 4e-15 * 2 * a))
    }
  }
}
