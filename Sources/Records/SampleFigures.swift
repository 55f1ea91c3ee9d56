// SPDX-License-Identifier: Apache-2.0
import Statistics

/// The quantiles that rows and tables show, of all samples pooled: the same ones everywhere.
///
/// Of few samples (an operation that is one call a block) they are Harrell and Davis's, of many the nearest rank.
public struct SampleFigures: Hashable, Sendable {
  /// In the unit of the samples.
  public let p50, p90, p99, p999: Double

  /// Nil where there is no sample. O(k log k) in the values or buckets kept.
  public init?(_ samples: Distribution) {
    let levels = [0.5, 0.9, 0.99, 0.999]
    let few = samples.fewValues(atMost: Self.few)
    guard let values = few.flatMap({ harrellDavis($0, levels) }) ?? samples.quantiles(levels) else {
      return nil
    }
    p50 = values[0]
    p90 = values[1]
    p99 = values[2]
    p999 = values[3]
  }

  /// Up to so many samples a single one of them is a poor quantile.
  private static let few = 100
}

private func harrellDavis(_ values: [Double], _ levels: [Double]) -> [Double]? {
  let quantiles = levels.compactMap { harrellDavisQuantile(values, $0) }
  return quantiles.count == levels.count ? quantiles : nil
}
