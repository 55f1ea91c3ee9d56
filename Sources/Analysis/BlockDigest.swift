// SPDX-License-Identifier: Apache-2.0
import Model

/// What is left of a block whose samples were not kept, in the case's unit; nil where it had none.
public struct BlockDigest: Sendable {
  public var samples: Int
  public var median: Double?
  public var mean: Double?
  public var minimum: Double?
  public var maximum: Double?

  public init(samples: Int, median: Double?, mean: Double?, minimum: Double?, maximum: Double?) {
    self.samples = samples
    self.median = median
    self.mean = mean
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// The blocks of one case of which only digests are left. Count, minimum and maximum of all samples are exact, the
/// mean but for rounding; the distribution of the pooled samples is lost, unless every block was one sample.
public struct DigestSeries: Sendable {
  /// The blocks; their pooled samples where ``keepsSamples``.
  public private(set) var series = BlockSeries()
  /// Whether every block so far was one sample at most, which then is its median: nothing is lost.
  public private(set) var keepsSamples = true
  public private(set) var samples = 0
  public private(set) var minimum: Double?
  public private(set) var maximum: Double?
  private var pooledMean = 0.0
  private var isMeanKnown = true

  /// Arithmetic mean of all samples; nil without any, where a block's is unknown, and where the arithmetic
  /// overflows.
  public var mean: Double? { isMeanKnown && samples > 0 && pooledMean.isFinite ? pooledMean : nil }

  public init() {}

  /// Takes a block in; its round is unique in a series. Parameters as of `BlockSeries`.
  public mutating func add(_ block: BlockDigest, at place: BlockPlace, trips: Double? = nil) {
    keepsSamples = keepsSamples && block.samples == (block.median == nil ? 0 : 1)
    if keepsSamples {
      series.add(block.median.map { [$0] } ?? [], at: place, trips: trips)
    } else {
      series.add(median: block.median, mean: block.mean, at: place, trips: trips)
    }
    samples += block.samples
    if let value = block.minimum { minimum = min(minimum ?? value, value) }
    if let value = block.maximum { maximum = max(maximum ?? value, value) }
    guard block.samples > 0 else { return }
    guard let value = block.mean else {
      isMeanKnown = false
      return
    }
    pooledMean += (value - pooledMean) * (Double(block.samples) / Double(samples))
  }
}
