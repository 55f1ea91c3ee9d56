// SPDX-License-Identifier: Apache-2.0

/// Where a sample, or a difference of samples, lies, and how surely.
public struct LocationEstimate: Hashable, Sendable {
  /// The estimate, in the unit of the values given.
  public var value: Double
  /// The interval around it; unbounded with too few values.
  public var interval: Interval

  /// An estimate with these parts.
  public init(value: Double, interval: Interval) {
    self.value = value
    self.interval = interval
  }
}

/// The Hodges-Lehmann centre of one sample: the median of the averages of all pairs, each value with itself
/// included (Hodges & Lehmann 1963), with the interval that inverts Wilcoxon's signed-rank test (Tukey's).
///
/// In the unit of the values given. It shrugs off outliers almost as the median does and is nearly as sharp as the
/// mean. It estimates the median where the values scatter symmetrically, as differences of two arms do; where they
/// do not, the centre of a pair's average, which is not quite the median.
///
/// The signed-rank distribution is exact for up to 60 values and a normal approximation with continuity correction
/// beyond; ties are not corrected for, which makes the interval wider, never narrower. With fewer than 6 values
/// (at 95 %) the interval is unbounded. One value is its own centre. Equal values give an interval without width.
///
/// - Precondition: `0 < confidence && confidence < 1`.
/// - Returns: nil where there is no value or one is NaN or infinite.
/// - Complexity: O(n log n) time, O(n) memory: the pairs are counted, never made.
public func hodgesLehmannCenter(_ values: [Double], confidence: Double = 0.95) -> LocationEstimate? {
  precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
  guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
  let outside = signedRankTail(count: values.count, probability: (1 - confidence) / 2)
  return WalshAverages(values).estimate(leavingOut: outside)
}

/// The Hodges-Lehmann shift between two samples: the median of the differences of all pairs, value minus baseline
/// (Hodges & Lehmann 1963), with the interval that inverts the Mann-Whitney test (Moses 1965).
///
/// In the unit of the values given; above 0 where `values` are larger. It assumes that both samples scatter alike
/// and differ by the shift alone. The Mann-Whitney distribution is exact up to about 30 values a sample (more
/// where one is smaller) and a normal approximation with continuity correction beyond; ties are not corrected for.
/// Too few values (at 95 % fewer than 4 and 4, 3 and 5, or 2 and 8) give an unbounded interval.
///
/// - Precondition: `0 < confidence && confidence < 1`.
/// - Returns: nil where a sample is empty, or a value or a difference of two is NaN or infinite.
/// - Complexity: O((m + n) log(m + n)) time and O(m + n) memory.
public func hodgesLehmannShift(
  from baseline: [Double], to values: [Double], confidence: Double = 0.95
) -> LocationEstimate? {
  precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
  guard !baseline.isEmpty, !values.isEmpty,
    baseline.allSatisfy(\.isFinite), values.allSatisfy(\.isFinite)
  else { return nil }
  let differences = PairwiseDifferences(from: baseline, to: values)
  let (least, greatest) = differences.extremes
  guard least.isFinite, greatest.isFinite else { return nil }
  let outside = mannWhitneyTail(baseline.count, values.count, probability: (1 - confidence) / 2)
  return differences.estimate(leavingOut: outside)
}
