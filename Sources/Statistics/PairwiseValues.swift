// SPDX-License-Identifier: Apache-2.0

/// All values that the pairs of one or two samples give, never written down: only counted.
///
/// n values have n(n+1)/2 averages, 1,000 blocks half a million. Any one of them can be found by rank without
/// making the others: pairs not above a threshold are counted in O(n) over sorted samples, and the threshold is
/// halved over the ordered bit patterns of Double, which takes at most 64 counts and ends at the very value.
protocol PairwiseValues {
  /// How many pairs there are, at least one.
  var count: Int { get }
  /// The least and the greatest value of a pair.
  var extremes: (least: Double, greatest: Double) { get }
  /// How many pairs give at most this value. O(n).
  func countAtMost(_ threshold: Double) -> Int
}

extension PairwiseValues {
  /// The value of this rank (from 1) among the sorted pairs. At most 64 counts.
  func value(ofRank rank: Int) -> Double {
    var low = orderedBits(extremes.least)
    var high = orderedBits(extremes.greatest)
    while low < high {
      // The mean of two integers whose sum may overflow, rounded down.
      let middle = (low & high) + ((low ^ high) >> 1)
      if countAtMost(double(orderedBits: middle)) >= rank { high = middle } else { low = middle + 1 }
    }
    // -0 and 0 compare equal but have two patterns; adding 0 leaves one.
    return double(orderedBits: high) + 0
  }

  var median: Double {
    let lower = value(ofRank: (count + 1) / 2)
    guard count.isMultiple(of: 2) else { return lower }
    return midpoint(lower, value(ofRank: count / 2 + 1))
  }

  /// The median, and the interval that leaves `outside` pairs out at either end; nil: all of them and more.
  func estimate(leavingOut outside: Int?) -> LocationEstimate {
    guard let outside else { return LocationEstimate(value: median, interval: .unbounded) }
    let low = value(ofRank: outside + 1)
    let high = value(ofRank: count - outside)
    return LocationEstimate(value: median, interval: Interval(low: low, high: high))
  }
}

/// The averages of every value with itself and each later one (Walsh 1949).
struct WalshAverages: PairwiseValues {
  /// Sorted. Halved, so that a sum of two is their average and cannot overflow.
  private let halves: [Double]

  /// - Precondition: at least one value, all finite.
  init(_ values: [Double]) {
    halves = values.map { $0 / 2 }.sorted()
  }

  var count: Int { halves.count * (halves.count + 1) / 2 }

  var extremes: (least: Double, greatest: Double) {
    (halves[0] + halves[0], halves[halves.count - 1] + halves[halves.count - 1])
  }

  func countAtMost(_ threshold: Double) -> Int {
    halves.withUnsafeBufferPointer { halves in
      var total = 0
      var end = halves.count
      for first in halves.indices {
        while end > first, halves[first] + halves[end - 1] > threshold { end -= 1 }
        guard end > first else { break }
        total += end - first
      }
      return total
    }
  }
}

/// The differences of every value of one sample to every value of another.
struct PairwiseDifferences: PairwiseValues {
  private let baseline: [Double]
  private let values: [Double]

  /// - Precondition: at least one value each, all finite, and so are their differences.
  init(from baseline: [Double], to values: [Double]) {
    self.baseline = baseline.sorted()
    self.values = values.sorted()
  }

  var count: Int { baseline.count * values.count }

  var extremes: (least: Double, greatest: Double) {
    (values[0] - baseline[baseline.count - 1], values[values.count - 1] - baseline[0])
  }

  func countAtMost(_ threshold: Double) -> Int {
    values.withUnsafeBufferPointer { values in
      var total = 0
      var end = 0
      for reference in baseline {
        while end < values.count, values[end] - reference <= threshold { end += 1 }
        total += end
      }
      return total
    }
  }
}

/// A Double's bits as an integer that sorts as the Double does.
private func orderedBits(_ value: Double) -> Int64 {
  let bits = Int64(bitPattern: value.bitPattern)
  return bits ^ ((bits >> 63) & .max)
}

private func double(orderedBits: Int64) -> Double {
  Double(bitPattern: UInt64(bitPattern: orderedBits ^ ((orderedBits >> 63) & .max)))
}
