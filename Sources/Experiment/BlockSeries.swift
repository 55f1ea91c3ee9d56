// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What is estimated from the blocks of one case: the figures of its row.
public struct Estimates: Sendable {
  /// Blocks that count.
  public var blocks: Int
  /// All samples of those blocks, pooled.
  public var samples: Distribution
  /// Interval of the median, from the blocks' medians.
  public var medianInterval: Interval?
  /// Against the baseline, where there is one.
  public var effect: Effect?

  public init(
    blocks: Int = 0, samples: Distribution = Distribution(), medianInterval: Interval? = nil,
    effect: Effect? = nil
  ) {
    self.blocks = blocks
    self.samples = samples
    self.medianInterval = medianInterval
    self.effect = effect
  }
}

/// The blocks of one case that count, as far as its figures need them. A run and whoever recomputes its figures
/// from what it recorded go through this.
public struct BlockSeries: Sendable {
  public private(set) var blocks = 0
  public private(set) var samples = Distribution()
  /// The block's median by round, for pairing with the baseline's.
  public private(set) var medians: [Int: Double] = [:]

  public init() {}

  /// Takes a block in.
  ///
  /// - Parameters:
  ///   - samples: in the case's unit; a block without any is counted and says nothing.
  ///   - round: what it shares with blocks of other cases; unique in a series.
  public mutating func add(_ samples: [Double], round: Int) {
    blocks += 1
    self.samples.record(contentsOf: samples)
    medians[round] = median(samples)
  }

  /// Median of the blocks' medians; nil without any.
  public var center: Double? { median(Array(medians.values)) }

  /// The effect against a baseline that was measured in the same rounds; nil where no round holds both.
  public func effect(against baseline: BlockSeries) -> Effect? {
    pairedEffect(
      medians.keys.sorted().compactMap { round in
        baseline.medians[round].flatMap { base in medians[round].map { (baseline: base, value: $0) } }
      })
  }

  /// The figures of the case's row.
  public func estimates(against baseline: BlockSeries?) -> Estimates {
    Estimates(
      blocks: blocks, samples: samples,
      medianInterval: medians.isEmpty ? nil : medianInterval(Array(medians.values)).interval,
      effect: baseline.flatMap { effect(against: $0) })
  }
}
