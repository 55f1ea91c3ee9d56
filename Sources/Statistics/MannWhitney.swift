// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the Mann-Whitney test says about two samples.
public struct MannWhitneyTest: Hashable, Sendable {
  /// In how many pairs the value exceeds the baseline; a tie counts one half. Half of all pairs is no difference.
  public var u: Double
  /// How likely samples of one distribution are to differ at least as much in either direction, from 0 to 1.
  public var pValue: Double
}

/// The two-sided test of Mann & Whitney (1947), which is Wilcoxon's rank-sum test: do `values` tend to be larger
/// or smaller than `baseline`?
///
/// Without ties the distribution is exact as far as ``hodgesLehmannShift(from:to:confidence:)`` counts it (30 values
/// a sample, more where one is smaller). With ties, and beyond, the normal approximation with continuity and tie
/// correction (Hollander, Wolfe & Chicken, 4.1; scipy's `mannwhitneyu` does the same), rough below about 8 values
/// a sample. Where all values are equal p is 1. Infinite values are ranked like any others.
///
/// - Returns: nil where a sample is empty or a value is NaN.
/// - Complexity: O(n log n) in all values, and O(m² n) for an exact distribution.
public func mannWhitneyTest(baseline: [Double], values: [Double]) -> MannWhitneyTest? {
  guard !baseline.isEmpty, !values.isEmpty,
    !baseline.contains(where: \.isNaN), !values.contains(where: \.isNaN)
  else { return nil }
  let (u, ties) = rankedPairs(baseline, values)
  let pairs = Double(baseline.count) * Double(values.count)
  let fewer = min(u, pairs - u)
  if ties == 0, let counts = mannWhitneyCounts(baseline.count, values.count) {
    let atMost = counts.ways.prefix(Int(fewer) + 1).reduce(0.0) { $0 + Double($1) }
    return MannWhitneyTest(u: u, pValue: min(1, 2 * atMost / Double(counts.total)))
  }
  let size = Double(baseline.count + values.count)
  let variance = pairs / 12 * (size + 1 - ties / (size * (size - 1)))
  let distance = pairs / 2 - fewer - 0.5
  // Nothing varies, or the continuity correction bridges the whole distance.
  guard variance > 0, distance > 0 else { return MannWhitneyTest(u: u, pValue: 1) }
  return MannWhitneyTest(u: u, pValue: erfc(distance / (2 * variance).squareRoot()))
}

/// U of the values, and the sum of t³ - t over groups of t equal ones in both samples together.
private func rankedPairs(_ baseline: [Double], _ values: [Double]) -> (u: Double, ties: Double) {
  let pooled = (baseline.map { ($0, 0) } + values.map { ($0, 1) }).sorted { $0.0 < $1.0 }
  var u = 0.0
  var ties = 0.0
  var baselineBelow = 0
  var start = 0
  while start < pooled.count {
    var end = start
    var fromValues = 0
    while end < pooled.count, pooled[end].0 == pooled[start].0 {
      fromValues += pooled[end].1
      end += 1
    }
    let size = end - start
    let fromBaseline = size - fromValues
    u += Double(fromValues) * (Double(baselineBelow) + Double(fromBaseline) / 2)
    baselineBelow += fromBaseline
    ties += tieTerm(size)
    start = end
  }
  return (u, ties)
}

private func tieTerm(_ size: Int) -> Double {
  let size = Double(size)
  return size * size * size - size
}
