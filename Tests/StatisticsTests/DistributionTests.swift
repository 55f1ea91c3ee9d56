// SPDX-License-Identifier: Apache-2.0
import Glibc
import Statistics
import Testing

struct DistributionTests {
  @Test func empty() {
    let empty = Distribution()
    #expect(empty.count == 0 && empty.rejected == 0 && empty.isExact)
    #expect(empty.mean == nil && empty.standardDeviation == nil)
    #expect(empty.minimum == nil && empty.maximum == nil)
    #expect(empty.median == nil && empty.medianAbsoluteDeviation == nil)
    #expect(empty.quantile(0.5) == nil && empty.quantiles([0, 1]) == nil)
    #expect(empty.outliers == (0, 0))
  }

  @Test func oneValue() {
    let one = Distribution([5])
    #expect(one.mean == 5 && one.standardDeviation == nil)
    #expect(one.quantiles([0, 0.5, 1]) == [5, 5, 5])
    #expect(one.median == 5 && one.medianAbsoluteDeviation == 0)
  }

  @Test func whatIsNotFiniteIsRefusedAndCounted() {
    let values = Distribution([1, .nan, 2, .infinity, -.infinity])
    #expect(values.count == 2 && values.rejected == 3)
    #expect(values.mean == 1.5 && values.maximum == 2)
  }

  /// NIST's StRD, univariate: accuracy of mean and standard deviation under cancellation.
  @Test(arguments: [
    (1.2, 1.1, 1.3, 1e-13), (1_000_000.2, 1_000_000.1, 1_000_000.3, 1e-8),
    (10_000_000.2, 10_000_000.1, 10_000_000.3, 1e-7),
  ])
  func numAcc2To4(first: Double, low: Double, high: Double, tolerance: Double) {
    var values = Distribution([first])
    for _ in 0..<500 { values.record(contentsOf: [low, high]) }
    #expect(isClose(values.mean, first, tolerance: 1e-14))
    #expect(isClose(values.standardDeviation, 0.1, tolerance: tolerance))
  }

  @Test func numAcc1() {
    let values = Distribution([10_000_001, 10_000_003, 10_000_002])
    #expect(values.mean == 10_000_002)
    #expect(values.standardDeviation == 1)
  }

  @Test func agreesWithNumpyAndScipy() {
    let values = Distribution(Vectors.sample)
    let expected = Vectors.sampleMoments
    #expect(isClose(values.mean, expected[0]))
    #expect(isClose(values.standardDeviation, expected[1]))
    #expect(values.median == expected[2])
    #expect(isClose(values.medianAbsoluteDeviation, expected[3]))
    #expect(values.quantiles(Vectors.quantileLevels) == Vectors.sampleQuantiles)
    #expect(values.outliers == (Vectors.sampleOutliers[0], Vectors.sampleOutliers[1]))
  }

  /// 0.07 · 100 exceeds 7 in binary.
  @Test func ranksAreExact() {
    let hundred = Distribution((1...100).map(Double.init))
    for percent in 1...100 { #expect(hundred.quantile(Double(percent) / 100) == Double(percent)) }
    #expect(hundred.quantile(0.071) == 8)
    #expect(hundred.median == 50.5)
  }

  @Test func fences() {
    // Quartiles 3 and 9 of twelve values, so the fences stand at -6 and 18, -15 and 27.
    let values: [Double] = [-16, -7, 3, 4, 5, 6, 7, 8, 9, 18, 20, 28]
    #expect(Distribution(values).outliers == (mild: 2, severe: 2))
  }

  @Test func overflowIsAbsentAndNotNaN() {
    let greatest = Double.greatestFiniteMagnitude
    let values = Distribution([-greatest, greatest])
    #expect(values.mean == nil && values.standardDeviation == nil)
    #expect(values.minimum == -greatest && values.maximum == greatest)
  }
}

struct BucketTests {
  /// More than the exact limit, of each kind that could need special care.
  static let samples: [[Double]] = {
    var generator = SeededGenerator(seed: 1)
    func sample(_ make: (inout SeededGenerator) -> Double) -> [Double] {
      (0..<6000).map { _ in make(&generator) }
    }
    return [
      sample { $0.lognormal(median: 180, spread: 1) },
      sample { -$0.lognormal(median: 180, spread: 1) },
      sample { $0.normal() },
      sample { $0.normal() * 1e300 },
      sample { $0.normal() * 1e-300 },
      sample { Double(Int.random(in: -3...3, using: &$0)) },
      sample { Double(bitPattern: $0.next() & ~(1 << 62)) },
    ]
  }()

  static let levels = (0...1000).map { Double($0) / 1000 }

  @Test func theLimitIsKeptExactlyAndOneMoreIsNot() {
    var values = Distribution(Self.samples[0].prefix(Distribution.exactLimit))
    #expect(values.isExact)
    values.record(1)
    #expect(!values.isExact && values.count == Distribution.exactLimit + 1)
  }

  @Test(arguments: samples.indices)
  func quantilesAreWithinHalfABucketOfTheExactRank(index: Int) throws {
    let sorted = Self.samples[index].sorted()
    let values = Distribution(sorted)
    #expect(!values.isExact)
    let quantiles = try #require(values.quantiles(Self.levels))
    for (permille, quantile) in quantiles.enumerated() {
      let exact = sorted[max(0, (permille * sorted.count + 999) / 1000 - 1)]
      #expect(abs(quantile - exact) <= abs(exact) * exp2(-11))
    }
    #expect(values.minimum == sorted.first && values.maximum == sorted.last)
    #expect(quantiles.first == sorted.first && quantiles.last == sorted.last)
    #expect(quantiles == quantiles.sorted())
  }

  @Test func denormalsAreWithinTheirOwnBound() throws {
    let step = Double.leastNonzeroMagnitude
    let sorted = (1...6000).map { Double($0) * step * exp2(30) }
    let median = try #require(Distribution(sorted).median)
    #expect(abs(median - sorted[2999]) <= exp2(-1033))
    #expect(median > 0)
  }

  /// Counted instructions hardly differ: their figures must not become fractional.
  @Test func aBucketOfOneValueIsExact() {
    let values = Distribution([Double](repeating: 1234, count: 5000))
    #expect(values.median == 1234 && values.medianAbsoluteDeviation == 0)
    #expect(values.standardDeviation == 0 && values.outliers == (0, 0))
  }

  @Test(arguments: [0, 1, 2])
  func spreadAndOutliersResembleTheExactOnes(index: Int) throws {
    let sample = Self.samples[index]
    let values = Distribution(sample)
    let sorted = sample.sorted()
    // Of two middle values the lower, as the buckets take it.
    let center = sorted[2999]
    let spread = sample.map { abs($0 - center) }.sorted()[2999]
    let estimate = try #require(values.medianAbsoluteDeviation)
    #expect(abs(estimate - spread) <= exp2(-10) * (abs(center) + spread))
    let (first, third) = (sorted[1499], sorted[4499])
    let distances = sample.map { max(first - $0, $0 - third) / (third - first) }
    let severe = distances.count { $0 > 3 }
    let mild = distances.count { $0 > 1.5 } - severe
    let outliers = values.outliers
    #expect(abs(outliers.severe - severe) <= 5 && abs(outliers.mild - mild) <= 10)
  }

  @Test func aSequenceWithoutStorageIsRecordedToo() {
    var values = Distribution()
    values.record(contentsOf: (0..<5000).lazy.map(Double.init))
    #expect(values.count == 5000 && values.maximum == 4999)
  }
}
