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
  /// Against the baseline of the run, with its 95 % interval, as measured.
  public var ratio: LocationEstimate?
  /// The same at the run's own state of the machine; nil where the probes explain nothing, or the state is not known.
  public var adjusted: AdjustedEffect?
  /// That baseline's key; empty without one.
  public var baseline: String
  /// The dialect of the flag that the kernel speaks; empty where it is not known or does not matter.
  public var abi: String
  /// Function call interrupts of all CPUs for each page of the blocks that count, less the shootdowns of user ranges;
  /// nil where they were not counted.
  public var callsPerPage: Double?

  public init(
    runID: String, startedAt: String, runStatus: String, kernelRelease: String, status: String,
    reason: String, blocks: Int, value: LocationEstimate?, ratio: LocationEstimate?,
    adjusted: AdjustedEffect? = nil, baseline: String = "", abi: String = "", callsPerPage: Double? = nil
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
    self.adjusted = adjusted
    self.baseline = baseline
    self.abi = abi
    self.callsPerPage = callsPerPage
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

/// Something of a machine or a run that differs between two runs, and may be why figures do.
public struct FactChange: Hashable, Sendable {
  /// In words: `kernel`, `microcode`, ….
  public var name: String
  public var before, after: String

  public init(name: String, before: String, after: String) {
    self.name = name
    self.before = before
    self.after = after
  }
}

/// The time in which something happened between two runs: after one started, and by the start of the other. UTC, as of
/// a point.
struct RunSpan {
  var after, until: String

  /// Whether what happened in either may be one event.
  func meets(_ other: RunSpan) -> Bool { after < other.until && other.after < until }
}

/// A change of what the figures of a machine mean, which is no change of cost.
public struct ContextChange: Sendable, CustomStringConvertible {
  public var machineKey: String
  /// When the first run started that has it, and the one before.
  public var startedAt, before: String
  /// What it is, such as `the dialect of the flag: v7 → mainline`.
  public var what: String

  public init(machineKey: String, startedAt: String, before: String, what: String) {
    self.machineKey = machineKey
    self.startedAt = startedAt
    self.before = before
    self.what = what
  }

  /// Whether a change of a series of that machine may have come with it.
  public func meets(_ change: SeriesChange) -> Bool {
    machineKey == change.series.machineKey && RunSpan(after: before, until: startedAt).meets(change.span)
  }

  public var description: String { "context since \(startedAt) on \(machineKey): \(what)" }
}
