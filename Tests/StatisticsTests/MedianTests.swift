// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct MedianTests {
  @Test func smallSamples() {
    #expect(median([]) == nil)
    #expect(median([7]) == 7)
    #expect(median([9, 1]) == 5)
    #expect(median([9, 1, 2]) == 2)
    #expect(median([1, .nan, 2]) == nil)
    #expect(median([-.infinity, 3, .infinity]) == 3)
    #expect(median([-.infinity, .infinity]) == nil)
  }

  @Test func theMeanOfTwoEnormousValuesDoesNotOverflow() {
    let greatest = Double.greatestFiniteMagnitude
    #expect(median([greatest, greatest]) == greatest)
  }

  /// Orders that make quickselect's pivots bad, and many ties.
  @Test(arguments: [16, 17, 18, 100, 1001, 5000])
  func agreesWithSorting(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let ascending = (0..<count).map(Double.init)
    let samples: [[Double]] = [
      ascending, ascending.reversed(), ascending.shuffled(using: &generator),
      ascending.map { min($0, Double(count) - $0) },
      ascending.map { max($0, Double(count) - $0) },
      ascending.map { $0.truncatingRemainder(dividingBy: 3) },
      ascending.map { _ in 4 },
    ]
    for sample in samples {
      let sorted = sample.sorted()
      let expected = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
      #expect(median(sample) == expected)
    }
  }
}

struct MedianIntervalTests {
  @Test func sixValuesGiveTheirExtremes() {
    let result = medianInterval([5, 3, 9, 1, 7, 2])
    #expect(result.interval == Interval(low: 1, high: 9))
    #expect(isClose(result.coverage, 0.96875))
    #expect(result.missing == 0)
  }

  @Test(arguments: 0..<6)
  func tooFewValuesSayHowManyAreMissing(count: Int) {
    let result = medianInterval([Double](repeating: 1, count: count))
    #expect(result == MedianInterval(interval: .unbounded, coverage: 0, missing: 6 - count))
  }

  @Test(arguments: Array(stride(from: 0, to: Vectors.medianIntervals.count, by: 3)))
  func agreesWithScipysBinomial(row: Int) {
    let count = Vectors.medianIntervals[row]
    let rank = Double(Vectors.medianIntervals[row + 1])
    let result = medianInterval((1...count).map(Double.init).reversed())
    #expect(result.interval == Interval(low: rank, high: Double(count) + 1 - rank))
    #expect(abs(result.coverage - Double(Vectors.medianIntervals[row + 2]) / 1e6) < 1e-6)
  }

  /// 96.875 % is the very coverage of six values, 99.999 % needs 18.
  @Test func otherConfidences() {
    let six = (1...6).map(Double.init)
    #expect(medianInterval(six, confidence: 0.96875).interval.isFinite)
    #expect(medianInterval(six, confidence: 0.97).missing == 1)
    #expect(medianInterval(six, confidence: 0.99999).missing == 12)
    #expect(medianInterval([1], confidence: 1e-17).missing == 1)
  }

  @Test func nanMakesItUnknown() {
    let result = medianInterval([1, 2, 3, 4, 5, 6, 7, .nan])
    #expect(result == MedianInterval(interval: .unbounded, coverage: 0, missing: 0))
  }

  @Test func equalValuesGiveNoWidth() {
    #expect(medianInterval([Double](repeating: 3, count: 6)).interval == Interval(low: 3, high: 3))
  }
}
