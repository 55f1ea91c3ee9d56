// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// The blocks of one case that count, as far as its figures need them. A run and whoever recomputes its figures
/// from what it recorded go through this.
public struct BlockSeries: Sendable {
  public private(set) var blocks = 0
  public private(set) var samples = Distribution()
  /// The block's median by round, for pairing with the baseline's.
  public private(set) var medians: [Int: Double] = [:]
  /// Where each stood, by round.
  public private(set) var places: [Int: BlockPlace] = [:]

  /// The block's mean by round.
  private(set) var means: [Int: Double] = [:]
  /// What each block came to and what may explain it (`BlockTrait.all`), in the order in which they were measured.
  private(set) var history: [(median: Double, traits: [Double?])] = []
  /// Sum over the blocks, and how many of them were counted.
  private var trips = (sum: 0.0, blocks: 0)

  public init() {}

  /// Takes a block in.
  ///
  /// - Parameters:
  ///   - samples: in the case's unit; a block without any is counted and says nothing.
  ///   - place: in the run.
  ///   - counters: what was counted around it.
  ///   - trips: as of ``interruptTrips``.
  public mutating func add(
    _ samples: [Double], at place: BlockPlace, counters: Counters = .none, trips: Double? = nil
  ) {
    self.samples.record(contentsOf: samples)
    let center = median(samples)
    let mean = samples.isEmpty ? nil : samples.reduce(0, +) / Double(samples.count)
    add(median: center, mean: mean, at: place, trips: trips)
    if let center { history.append((center, BlockTrait.all.map { $0.value(counters) })) }
  }

  /// Takes a block in whose samples were not kept: the pooled samples know nothing of it.
  public mutating func add(median: Double?, mean: Double? = nil, at place: BlockPlace, trips: Double? = nil) {
    blocks += 1
    medians[place.round] = median
    means[place.round] = mean
    places[place.round] = place
    if let trips { self.trips = (self.trips.sum + trips, self.trips.blocks + 1) }
  }

  /// Interrupts of another CPU for each page, on average: round trips that a page waited for. Nil where they were not
  /// counted.
  var interruptTrips: Double? { trips.blocks > 0 ? trips.sum / Double(trips.blocks) : nil }

  /// Median of the blocks' medians; nil without any.
  public var center: Double? { median(Array(medians.values)) }

  /// The effect against a baseline whose rounds are none of this one's; nil where either has no median.
  public func unpairedEffect(against baseline: BlockSeries) -> Effect? {
    Statistics.unpairedEffect(baseline: Array(baseline.medians.values), values: Array(medians.values))
  }

  /// The figures of the case's row.
  ///
  /// - Parameters:
  ///   - sharesRounds: whether the baseline was measured in the same rounds.
  ///   - state: logarithms of the probes at which effects are to be stated.
  public func estimates(
    against baseline: BlockSeries?, sharesRounds: Bool = true, state: [Double?] = []
  ) -> Estimates {
    Estimates(
      blocks: blocks, samples: samples, medianInterval: interval,
      effect: baseline.flatMap {
        sharesRounds ? effect(against: $0, state: state) : unpairedEffect(against: $0)
      }, levels: levels)
  }
}
