// SPDX-License-Identifier: Apache-2.0
import Machine
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

  /// The block's mean by round.
  private(set) var means: [Int: Double] = [:]
  /// What each block came to and what may explain it (`BlockTrait.all`), in the order in which they were measured.
  private(set) var history: [(median: Double, traits: [Double?])] = []

  public init() {}

  /// Takes a block in.
  ///
  /// - Parameters:
  ///   - samples: in the case's unit; a block without any is counted and says nothing.
  ///   - round: what it shares with blocks of other cases; unique in a series.
  ///   - counters: what was counted around it.
  public mutating func add(_ samples: [Double], round: Int, counters: Counters = .none) {
    self.samples.record(contentsOf: samples)
    let center = median(samples)
    add(median: center, round: round)
    guard let center else { return }
    means[round] = samples.reduce(0, +) / Double(samples.count)
    history.append((center, BlockTrait.all.map { $0.value(counters) }))
  }

  /// Takes a block in whose samples were not kept: the pooled samples know nothing of it.
  public mutating func add(median: Double?, round: Int) {
    blocks += 1
    medians[round] = median
  }

  /// The rounds' ratios to a baseline, in their order, of positive medians.
  public func ratios(to baseline: BlockSeries) -> [Double] {
    medians.keys.sorted().compactMap { round in
      guard let base = baseline.medians[round], let value = medians[round], base > 0, value > 0 else {
        return nil
      }
      return value / base
    }
  }

  /// Median of the blocks' medians; nil without any.
  public var center: Double? { median(Array(medians.values)) }

  /// Interval of the median, from the blocks' medians; nil without any.
  public var interval: Interval? {
    medians.isEmpty ? nil : medianInterval(Array(medians.values)).interval
  }

  /// The effect against a baseline that was measured in the same rounds; nil where no round holds both.
  public func effect(against baseline: BlockSeries) -> Effect? {
    pairedEffect(
      medians.keys.sorted().compactMap { round in
        baseline.medians[round].flatMap { base in medians[round].map { (baseline: base, value: $0) } }
      })
  }

  /// The effect against a baseline whose rounds are none of this one's; nil where either has no median.
  public func unpairedEffect(against baseline: BlockSeries) -> Effect? {
    Statistics.unpairedEffect(baseline: Array(baseline.medians.values), values: Array(medians.values))
  }

  /// How much the mean exceeds the baseline's over the rounds that hold both, with its bootstrap interval: unlike the
  /// shift of medians it has the tail in it, which is paid for too. Nil where no round holds both.
  ///
  /// - Complexity: thousands of times the rounds.
  func meanShift(against baseline: BlockSeries) -> LocationEstimate? {
    let differences = means.keys.sorted().compactMap { round in
      baseline.means[round].flatMap { base in means[round].map { $0 - base } }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    guard let interval = bootstrapInterval(blocks: differences, seed: 1, statistic: mean) else { return nil }
    return LocationEstimate(value: mean(differences), interval: interval)
  }

  /// The figures of the case's row.
  ///
  /// - Parameter sharesRounds: whether the baseline was measured in the same rounds.
  public func estimates(against baseline: BlockSeries?, sharesRounds: Bool = true) -> Estimates {
    Estimates(
      blocks: blocks, samples: samples, medianInterval: interval,
      effect: baseline.flatMap { sharesRounds ? effect(against: $0) : unpairedEffect(against: $0) })
  }
}
