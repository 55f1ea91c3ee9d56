// SPDX-License-Identifier: Apache-2.0

/// The distances |x[i] - x[j]| of all pairs of a few values, summed so that a block of pairs costs O(1).
struct EnergyDistances {
  private let side: Int
  /// `sums[i * side + j]`: over all pairs of one of the first i and one of the first j values.
  private let sums: [Double]

  /// - Complexity: O(n²) time and memory.
  init(_ values: [Double]) {
    side = values.count + 1
    var sums = [Double](repeating: 0, count: side * side)
    for i in values.indices {
      var row = 0.0
      for j in values.indices {
        row += abs(values[i] - values[j])
        sums[(i + 1) * side + j + 1] = sums[i * side + j + 1] + row
      }
    }
    self.sums = sums
  }

  /// The index that divides a stretch best: the first value of its second part. The first such index where several
  /// are equal; nil where the stretch has no two parts of `minimumPoints`.
  ///
  /// "Best" is the greatest statistic of E-divisive (Matteson & James 2014), with exponent 1: m n / (m + n) times the
  /// energy distance of the m values before the index and the n from it on. The n may end before the stretch does,
  /// because a change back would hide the change.
  ///
  /// - Precondition: `minimumPoints > 0`.
  /// - Complexity: O(n²).
  func bestSplit(of stretch: Range<Int>, minimumPoints: Int) -> (index: Int, statistic: Double)? {
    guard stretch.count >= 2 * minimumPoints else { return nil }
    var best = (index: 0, statistic: -Double.infinity)
    let start = stretch.lowerBound
    sums.withUnsafeBufferPointer { sums in
      func sum(_ i: Int, _ j: Int) -> Double { sums[i * side + j] }
      for index in (start + minimumPoints)...(stretch.upperBound - minimumPoints) {
        let m = Double(index - start)
        // Each pair within a part is in its sum twice, which is the 2 of the energy distance.
        let before = (sum(index, index) - 2 * sum(start, index) + sum(start, start)) / max(1, m - 1)
        for end in (index + minimumPoints)...stretch.upperBound {
          let n = Double(end - index)
          let between = sum(index, end) - sum(start, end) - sum(index, index) + sum(start, index)
          let after = (sum(end, end) - 2 * sum(index, end) + sum(index, index)) / max(1, n - 1)
          let statistic = (2 * between - n * before - m * after) / (m + n)
          if statistic > best.statistic { best = (index, statistic) }
        }
      }
    }
    return best
  }
}
