// SPDX-License-Identifier: Apache-2.0

/// What counts as a change of a nightly series.
///
/// The defaults were chosen by simulation (Results/history/README.md).
public struct ChangePointRule: Hashable, Sendable {
  /// How many values are looked at together, and the most that are compared on either side of a change.
  public let window: Int
  /// The p-value, of a t-test of the two sides, that a change must not exceed. The place of a change is sought,
  /// and spikes are pulled in, so small p-values come more often than p says: what holds is the simulated rate.
  public let significance: Double
  /// The least change that counts, as a share: 0.01 for a ratio of 1.01 and more, or 1/1.01 and less.
  public let minimumMagnitude: Double
  /// The fewest values on either side: a disturbance of fewer nights is none.
  public let minimumPoints: Int

  /// Alarms that a series raises in a year of nights although nothing changed, under the default rule: the most of the
  /// two simulated machines (Results/history/README.md, "flat").
  public static let simulatedFalseAlarms = 0.06

  /// A rule.
  ///
  /// - Precondition: `minimumPoints >= 2`, `window >= 2 * minimumPoints`, `0 < significance && significance < 1`
  ///   and `minimumMagnitude >= 0`.
  public init(
    window: Int = 200, significance: Double = 2e-6, minimumMagnitude: Double = 0.01, minimumPoints: Int = 7
  ) {
    precondition(
      minimumPoints >= 2 && window >= 2 * minimumPoints, "a t-test needs two values on either side")
    precondition(significance > 0 && significance < 1, "a significance lies between 0 and 1")
    precondition(minimumMagnitude >= 0, "a magnitude is not negative")
    self.window = window
    self.significance = significance
    self.minimumMagnitude = minimumMagnitude
    self.minimumPoints = minimumPoints
  }
}

/// Where a series changed, by how much and how surely.
public struct ChangePoint: Hashable, Sendable {
  /// The index of the first value after the change.
  public var index: Int
  /// The indices between which the change lies, at about 95 % confidence; `index` among them.
  public var region: ClosedRange<Int>
  /// The values compared: from the change before this one, or `window` values back, to this one, and from this one
  /// to the next, or `window` values on.
  public var before, after: Range<Int>
  /// How many times as much the values after are as those before: the Hodges-Lehmann estimate with its 95 %
  /// interval, of the values as they are. That the change was found makes it look a little larger than it is.
  public var ratio: LocationEstimate
  /// How likely two sides of one distribution are to differ at least as much, were the place given beforehand and
  /// no spike pulled in; for both reasons too small, so a strength to compare and not a probability.
  public var pValue: Double

  /// Whether two change points of one series, found on different nights, are the same change: they go in the same
  /// direction, and could lie in the same place.
  ///
  /// More nights move a change by a few values and tell its place more closely; indices do not change, because a
  /// series only grows at its end.
  public func isSame(as other: ChangePoint) -> Bool {
    (ratio.value > 1) == (other.ratio.value > 1) && region.overlaps(other.region)
  }
}
