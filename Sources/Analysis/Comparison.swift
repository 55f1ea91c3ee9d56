// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// Two sides, each of one run or several, case by case: what changed, and how surely.
public struct Comparison: Sendable {
  /// An axis to compare across: a difference in it is the question, not a flaw.
  public enum Axis: String, CaseIterable, Sendable {
    case flush
    case kernel
    case abi
  }

  public enum Verdict: String, Sendable {
    case faster
    case slower
    /// No change beyond the threshold: that is shown.
    case same = "="
    /// It cannot be told.
    case undecided = "~"
  }

  /// What verdicts are about.
  public enum Criterion: String, CaseIterable, Sendable {
    /// A case's ratio to another arm of its run, where it has one: what all arms share cancels out. Counted
    /// instructions are judged by their values: the machine's state does not change them.
    case effect
    /// The case's own values: what every arm shares, the machine's state included, counts.
    case value
  }

  /// What a row's verdict is about.
  public enum Basis: Hashable, Sendable {
    case value
    /// The ratio to the baseline of its run.
    case baseline
    /// The ratio to an arm of this backing: a baseline has none of its own.
    case arm(String)
  }

  /// A case that both sides measured.
  public struct Row: Sendable {
    /// The case's key in NEW.
    public var key: String
    /// Empty where no run recorded it.
    public var unit: String
    /// Medians over the runs of what each came to, as it was measured.
    public var old: Double
    public var new: Double
    /// Of its own value.
    public var value: Change
    /// Of its ratio to another arm; nil where a side has none.
    public var relative: Change?
    public var basis: Basis
    public var levels: Levels?
    /// The p-value of "nothing changed" among all rows of the comparison; nil where that could not be tested.
    public var pValue: Double?
    public var verdict = Verdict.undecided

    /// What the verdict is about.
    public var judged: Change { basis == .value ? value : relative ?? value }
    /// Nothing tells how much runs of this machine differ in it.
    public var isUnknown: Bool { !judged.isKnown }
  }

  /// A case of both sides that cannot be compared, and why.
  public struct Incomparable: Hashable, Sendable {
    public var key: String
    public var reason: String
  }

  /// What both sides recorded of cases, and differently.
  public struct Difference: Hashable, Sendable {
    public var trait: RecordedCase.Trait
    public var old: String
    public var new: String
    /// In how many compared cases.
    public var cases: Int
  }

  /// One case was measured in two units.
  public struct UnitMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    public var key: String
    public var old: String
    public var new: String

    public var description: String {
      "\(key): '\(old)' in one run, '\(new)' in another: values of two units cannot be compared"
    }
  }

  /// In the order of NEW.
  public internal(set) var rows: [Row] = []
  public private(set) var incomparable: [Incomparable] = []
  /// Keys of what only NEW has, or only OLD.
  public private(set) var added: [String] = []
  public private(set) var missing: [String] = []
  /// What makes the comparison doubtful; not what is compared across.
  public private(set) var differences: [Difference] = []
  /// Cases that are the other arm of an axis compared across, in a run that holds both arms.
  public private(set) var otherArms = 0
  /// Compared cases of which not all runs have figures.
  public private(set) var incomplete = 0
  /// The probes of the two sides.
  public let probes: [ProbeShift]
  public let old: [ComparedRun]
  public let new: [ComparedRun]
  /// How large a change has to be to matter, as a share.
  public let threshold: Double
  public let criterion: Criterion
  /// Between the starts of one run a side; infinite where one is not known, 0 with several runs on a side: they tell
  /// themselves what runs differ by.
  public let secondsApart: Double

  /// Up to here two runs have most of the slow drift in common. Beyond, all of the drift that a run sees within itself
  /// counts as a difference between them (Results/repeatability).
  public static let mostSecondsApart = 900.0

  private let axes: Set<Axis>
  private let common: Common

  /// Compares the cases that both sides have.
  ///
  /// - Parameters:
  ///   - threshold: how large a change has to be to matter, as a share of the older value; above 0.
  ///   - axes: what to compare across. `flush` is part of a key: it is left out when cases are matched, and a run
  ///     that holds both arms gives `off` as OLD and `on` as NEW. `kernel` and `abi` are in no key.
  ///   - history: what earlier runs of the machine say of how much runs differ.
  /// - Throws: ``UnitMismatch`` where a case was measured in two units.
  public init(
    _ old: [ComparedRun], _ new: [ComparedRun], threshold: Double, by criterion: Criterion = .effect,
    across axes: Set<Axis> = [], history: RunHistory = RunHistory()
  ) throws(UnitMismatch) {
    (self.old, self.new, self.threshold, self.criterion, self.axes) = (old, new, threshold, criterion, axes)
    secondsApart = Self.secondsApart(old, new)
    common = Common(
      state: Self.commonState(old, new), history: history,
      persistence: secondsApart > Self.mostSecondsApart ? 1 : driftPersistence)
    probes = Self.probeShifts(old, new)
    let older = ComparisonSide(old, acrossFlush: axes.contains(.flush), arm: .off)
    let newer = ComparisonSide(new, acrossFlush: axes.contains(.flush), arm: .on)
    otherArms = older.otherArms + newer.otherArms
    var counts: [Difference: Int] = [:]
    var order: [Difference] = []
    for key in newer.order {
      guard let after = newer.cases[key] else { continue }
      guard let before = older.cases[key] else {
        added += Self.keys(after)
        continue
      }
      if older.ambiguous[key] != nil || newer.ambiguous[key] != nil {
        let keys = [older, newer].flatMap { $0.ambiguous[key] ?? [] }
        incomparable.append(
          Incomparable(key: key, reason: "ambiguous across flush: " + keys.joined(separator: ", ")))
        continue
      }
      guard try compare(before, after) else { continue }
      for difference in Self.differences(before, after, across: axes) {
        if counts[difference] == nil { order.append(difference) }
        counts[difference, default: 0] += 1
      }
    }
    missing = older.order.filter { newer.cases[$0] == nil }.flatMap { Self.keys(older.cases[$0] ?? []) }
    differences = order.map { difference in
      var counted = difference
      counted.cases = counts[difference] ?? 0
      return counted
    }
    judge()
  }

  private static func secondsApart(_ old: [ComparedRun], _ new: [ComparedRun]) -> Double {
    guard old.count == 1, new.count == 1 else { return 0 }
    guard let before = old[0].startedAt, let after = new[0].startedAt else { return .infinity }
    return abs(after - before)
  }

  private static func keys(_ cases: ComparisonSide.Cases) -> [String] {
    cases.map(\.recorded.key).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Takes the case in; false where there is nothing to compare.
  private mutating func compare(
    _ before: ComparisonSide.Cases, _ after: ComparisonSide.Cases
  ) throws(UnitMismatch) -> Bool {
    guard let key = after.first?.recorded.key else { return false }
    let unit = try Self.unit(before, after)
    let (old, new) = (before.measured, after.measured)
    if let reason = Self.reason(old.isEmpty ? before.reasons : nil, new.isEmpty ? after.reasons : nil) {
      incomparable.append(Incomparable(key: key, reason: reason))
      return false
    }
    let paired = Self.pairedChange(old, new, at: common)
    guard let value = paired ?? Self.valueChange(old, new, unit: unit, at: common),
      let oldCenter = median(old.compactMap(\.recorded.center)),
      let newCenter = median(new.compactMap(\.recorded.center))
    else {
      incomparable.append(Incomparable(key: key, reason: "its values leave the range of numbers"))
      return false
    }
    if old.count + new.count < self.old.count + self.new.count { incomplete += 1 }
    let relative = relativeChange(old, new, unit: unit)
    let isByValue =
      criterion == .value || unit == SampleUnit.instructions.rawValue || paired != nil
    rows.append(
      Row(
        key: key, unit: unit, old: oldCenter, new: newCenter, value: value, relative: relative?.change,
        basis: isByValue ? .value : relative?.basis ?? .value, levels: Self.levels(old, new)))
    return true
  }

  private static func unit(
    _ before: ComparisonSide.Cases, _ after: ComparisonSide.Cases
  ) throws(UnitMismatch) -> String {
    let unit = before.unit.isEmpty ? after.unit : before.unit
    for one in before + after where !one.recorded.unit.isEmpty && one.recorded.unit != unit {
      throw UnitMismatch(key: one.recorded.key, old: unit, new: one.recorded.unit)
    }
    return unit
  }

  private static func reason(_ old: String?, _ new: String?) -> String? {
    switch (old, new) {
    case (let before?, let after?): before == after ? "both: \(after)" : "OLD: \(before); NEW: \(after)"
    case (let reason?, nil): "OLD: \(reason)"
    case (nil, let reason?): "NEW: \(reason)"
    case (nil, nil): nil
    }
  }

  /// The backings whose arms tell whether a baseline moved, the first that both sides have.
  private static let otherBackings = ["anonymous", "memfd"]

  private func relativeChange(
    _ old: ComparisonSide.Cases, _ new: ComparisonSide.Cases, unit: String
  ) -> (change: Change, basis: Basis)? {
    let baselines = Set((old + new).map { $0.recorded.baseline.map(matched) })
    // Against two baselines there are two ratios.
    if baselines.count == 1,
      let change = Self.ratioChange(old, new, unit: unit, at: common, to: { $0.baseline })
    {
      return (change, .baseline)
    }
    for backing in Self.otherBackings {
      if let change = Self.ratioChange(
        old, new, unit: unit, at: common, to: { $0.key(ofBacking: backing) })
      {
        return (change, .arm(backing))
      }
    }
    return nil
  }

  /// By what a case is matched with the other side's.
  private func matched(_ key: String) -> String {
    axes.contains(.flush) ? CaseKey(key).without(.flush).text : key
  }

  private static func differences(
    _ old: ComparisonSide.Cases, _ new: ComparisonSide.Cases, across axes: Set<Axis>
  ) -> [Difference] {
    RecordedCase.Trait.allCases.compactMap { trait in
      switch trait {
      case .kernel where axes.contains(.kernel), .abi where axes.contains(.abi),
        .flush where axes.contains(.flush), .baseline where axes.contains(.flush):
        return nil
      case .machine, .kernel, .abi, .flush, .clock, .method, .pageBytes, .baseline: break
      }
      var (before, after) = (old.texts(trait), new.texts(trait))
      // A flush that could not be told is not known to differ.
      if trait == .flush {
        before.removeAll { $0 == FlushState.unknown.rawValue }
        after.removeAll { $0 == FlushState.unknown.rawValue }
      }
      guard !before.isEmpty, !after.isEmpty, Set(before + after).count > 1 else { return nil }
      return Difference(
        trait: trait, old: before.joined(separator: ", "), new: after.joined(separator: ", "), cases: 0)
    }
  }
}
