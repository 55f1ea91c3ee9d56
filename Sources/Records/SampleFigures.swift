// SPDX-License-Identifier: Apache-2.0
import Statistics

/// The quantiles that rows and tables show, of all samples pooled: the same ones everywhere.
public struct SampleFigures: Hashable, Sendable {
  /// In the unit of the samples.
  public let p50, p90, p99, p999: Double

  /// Nil where there is no sample. O(k log k) in the values or buckets kept.
  public init?(_ samples: Distribution) {
    guard let values = samples.quantiles([0.5, 0.9, 0.99, 0.999]) else { return nil }
    p50 = values[0]
    p90 = values[1]
    p99 = values[2]
    p999 = values[3]
  }
}
