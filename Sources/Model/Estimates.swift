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
  /// The levels between which the passes jump, from the lowest up; empty where they do not.
  public var levels: [Level]

  /// A level, and the passes that were at it.
  public struct Level: Hashable, Sendable {
    /// Of its passes' means of the blocks' log medians the median, in the case's unit.
    public var center: Double
    /// Numbers of the passes.
    public var passes: [Int]

    public init(center: Double, passes: [Int]) {
      self.center = center
      self.passes = passes
    }
  }

  public init(
    blocks: Int = 0, samples: Distribution = Distribution(), medianInterval: Interval? = nil,
    effect: Effect? = nil, levels: [Level] = []
  ) {
    self.blocks = blocks
    self.samples = samples
    self.medianInterval = medianInterval
    self.effect = effect
    self.levels = levels
  }
}
