// SPDX-License-Identifier: Apache-2.0
import Statistics

/// The history of one case on one machine key, in one unit.
public struct Series: Hashable, Sendable {
  public var machineKey: String
  /// The case's key.
  public var key: String
  /// Of its values.
  public var unit: String

  public init(machineKey: String, key: String, unit: String) {
    self.machineKey = machineKey
    self.key = key
    self.unit = unit
  }
}

/// What one run says of a series.
public struct SeriesPoint: Sendable {
  public var runID: String
  /// UTC, `2026-11-24T12:00:00Z`: texts in this form stand in the order of time.
  public var startedAt: String
  /// `complete` or `partial`; empty where that is not known.
  public var runStatus: String
  public var kernelRelease: String
  /// What became of the case, and why.
  public var status: String
  public var reason: String
  /// Blocks that the figures rest on.
  public var blocks: Int
  /// p50 and its 95 % interval, in the series' unit; nil where the run has no figure.
  public var value: LocationEstimate?
  /// Against the baseline of the run, with its 95 % interval.
  public var ratio: LocationEstimate?

  public init(
    runID: String, startedAt: String, runStatus: String, kernelRelease: String, status: String,
    reason: String,
    blocks: Int, value: LocationEstimate?, ratio: LocationEstimate?
  ) {
    self.runID = runID
    self.startedAt = startedAt
    self.runStatus = runStatus
    self.kernelRelease = kernelRelease
    self.status = status
    self.reason = reason
    self.blocks = blocks
    self.value = value
    self.ratio = ratio
  }
}

/// A series in a listing.
public struct SeriesOutline: Sendable {
  public var series: Series
  /// Runs that have a figure, and all of them.
  public var points: Int
  public var runs: Int
  /// The newest figure, and when its run started; nil where no run has one.
  public var last: (value: Double, startedAt: String)?

  public init(series: Series, points: Int, runs: Int, last: (value: Double, startedAt: String)?) {
    self.series = series
    self.points = points
    self.runs = runs
    self.last = last
  }
}
