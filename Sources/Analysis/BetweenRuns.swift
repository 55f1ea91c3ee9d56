// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How much runs of one series differ on one machine, from earlier ones: what a single run cannot know of itself.
public struct BetweenRuns: Hashable, Sendable {
  /// Variance of a run's logarithm, its own error included.
  public var variance: Double
  public var degreesOfFreedom: Double

  /// Fewer runs say too little.
  public static let leastRuns = 5

  public init(variance: Double, degreesOfFreedom: Double) {
    self.variance = variance
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// From the figures of runs in the order of their time.
  ///
  /// Half the mean square of successive differences (von Neumann 1941): a step, as a new kernel makes it, counts once
  /// and not with every run after it. Of n normal values it is as good as a variance with 2 (n - 1)² / (3 n - 4)
  /// degrees of freedom.
  ///
  /// - Returns: nil with fewer than ``leastRuns``, and where a figure is 0 or less.
  public init?(of figures: [Double]) {
    guard figures.count >= Self.leastRuns, figures.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    let logarithms = figures.map { log($0) }
    let squares = zip(logarithms, logarithms.dropFirst()).map { ($1 - $0) * ($1 - $0) }
    let count = Double(figures.count)
    self.init(
      variance: squares.reduce(0, +) / Double(squares.count) / 2,
      degreesOfFreedom: 2 * (count - 1) * (count - 1) / (3 * count - 4))
  }
}

/// What the earlier runs of a machine say of how much runs differ there.
public struct RunHistory: Sendable {
  private struct Figure: Hashable {
    var key: String
    var unit: String
    /// Of a ratio; nil of a value.
    var baseline: String?
  }

  private var known: [Figure: BetweenRuns] = [:]

  /// Nothing.
  public init() {}

  /// From the series of one machine key.
  ///
  /// - Parameter compared: runs to leave out: what is compared says nothing of how much the rest differs. Nor do runs
  ///   that were cut short.
  public init(_ histories: [SeriesHistory], without compared: Set<String>) {
    for history in histories {
      let series = history.series
      let state = history.state
      let points = history.points.filter { !compared.contains($0.runID) && $0.runStatus != "partial" }
      known[Figure(key: series.key, unit: series.unit)] = BetweenRuns(of: points.compactMap(\.value?.value))
      for (baseline, own) in Dictionary(grouping: points, by: \.baseline) where !baseline.isEmpty {
        known[Figure(key: series.key, unit: series.unit, baseline: baseline)] =
          BetweenRuns(of: own.compactMap { $0.effect(at: state)?.value })
      }
    }
  }

  func values(of key: String, unit: String) -> BetweenRuns? { known[Figure(key: key, unit: unit)] }

  /// Turned around a ratio differs as much.
  func ratios(of key: String, to other: String, unit: String) -> BetweenRuns? {
    known[Figure(key: key, unit: unit, baseline: other)]
      ?? known[Figure(key: other, unit: unit, baseline: key)]
  }
}
