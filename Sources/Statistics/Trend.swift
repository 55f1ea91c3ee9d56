// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Whether values drift in the order in which they were taken, and how fast.
public struct Trend: Hashable, Sendable {
  /// The change from one value to the next, in the unit of the values given.
  public var slope: Double
  /// How likely values without a trend are to look at least as ordered, from 0 to 1.
  public var pValue: Double
}

/// The trend test of Mann (1945) and Kendall (1975) with the slope of Theil (1950) and Sen (1968).
///
/// The test counts the pairs that rise less those that fall, and takes the normal approximation with continuity
/// and tie correction, which is rough below 10 values. The slope is the median of the slopes of all pairs; up to
/// 29 % of the values may be outliers to it. Values that depend on their neighbours look like a trend more often
/// than p says: see ``lag1Autocorrelation(_:)``.
/// Equal values have slope 0 and p 1.
///
/// - Parameter values: one a block, in order and evenly spaced in time.
/// - Returns: nil where there are fewer than two values, or where one, or a difference of two, is NaN or infinite.
/// - Complexity: O(n²) time and memory: meant for blocks, of which there are hundreds.
public func trend(of values: [Double]) -> Trend? {
  var slopes: [Double] = []
  slopes.reserveCapacity(values.count * max(0, values.count - 1) / 2)
  var score = 0.0
  for first in values.indices {
    for second in values.indices[(first + 1)...] {
      let difference = values[second] - values[first]
      guard difference.isFinite else { return nil }
      score += difference > 0 ? 1 : difference < 0 ? -1 : 0
      slopes.append(difference / Double(second - first))
    }
  }
  guard let slope = median(slopes) else { return nil }
  let variance = (scoreTerm(values.count) - tieTerms(values)) / 18
  guard variance > 0, score != 0 else { return Trend(slope: slope, pValue: 1) }
  return Trend(slope: slope, pValue: erfc((abs(score) - 1) / (2 * variance).squareRoot()))
}

private func scoreTerm(_ count: Int) -> Double {
  let size = Double(count)
  return size * (size - 1) * (2 * size + 5)
}

private func tieTerms(_ values: [Double]) -> Double {
  let groups = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
  return groups.values.reduce(0) { $0 + scoreTerm($1) }
}
