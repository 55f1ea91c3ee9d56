// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model
import Statistics

/// The figures of a row of summary.csv, in the unit of the samples. Nil is an empty cell: nothing is known.
public struct SummaryFigures: Sendable {
  /// Blocks that count, and their samples.
  public let blocks, samples: Int
  /// Of all samples pooled.
  public let mean, standardDeviation, minimum, p50, p90, p99, p999, maximum, medianAbsoluteDeviation: Double?
  public let mildOutliers, severeOutliers: Int?
  /// 95 % interval of the median, from the blocks' medians.
  public let medianInterval: Interval?
  /// Against the baseline.
  public let effect: Effect?
  /// As of `Estimates`.
  public let levels: [Estimates.Level]

  /// A run's figures, and those of whoever has its samples. O(k log k) in the values or buckets kept.
  public init(_ estimates: Estimates) {
    let pooled = estimates.samples
    let quantiles = SampleFigures(pooled)
    let outliers = quantiles == nil ? nil : pooled.outliers
    blocks = estimates.blocks
    samples = pooled.count
    mean = pooled.mean
    standardDeviation = pooled.standardDeviation
    minimum = pooled.minimum
    p50 = quantiles?.p50
    p90 = quantiles?.p90
    p99 = quantiles?.p99
    p999 = quantiles?.p999
    maximum = pooled.maximum
    medianAbsoluteDeviation = pooled.medianAbsoluteDeviation
    mildOutliers = outliers?.mild
    severeOutliers = outliers?.severe
    medianInterval = estimates.medianInterval
    effect = estimates.effect
    levels = estimates.levels
  }

  /// The figures of blocks whose samples are not known. `p50` is the median of the blocks' medians, since that of
  /// all samples is lost, as are spread, tail and outliers; the rest is what the samples would give.
  ///
  /// - Parameter estimates: from the blocks' medians.
  init(_ estimates: Estimates, digests: DigestSeries) {
    blocks = estimates.blocks
    samples = digests.samples
    mean = digests.mean
    minimum = digests.minimum
    p50 = digests.series.center
    maximum = digests.maximum
    (standardDeviation, p90, p99, p999, medianAbsoluteDeviation) = (nil, nil, nil, nil, nil)
    (mildOutliers, severeOutliers) = (nil, nil)
    medianInterval = estimates.medianInterval
    effect = estimates.effect
    levels = estimates.levels
  }
}

extension SummaryFigures {
  /// How much the logarithm of the ratio moves with that of a probe; nil where it is not adjusted for.
  func slope(_ kind: Probes.Kind) -> Double? {
    guard let slopes = effect?.slopes, kind.rawValue < slopes.count else { return nil }
    return slopes[kind.rawValue]
  }
}

/// A row of summary.csv whose figures were computed from what was recorded.
public struct RecomputedRow: Sendable {
  /// The case's key, or any text where the data come from elsewhere.
  public let key: String
  /// What else is known, by the names of the columns.
  public let texts: [String: String]
  public let figures: SummaryFigures
}
