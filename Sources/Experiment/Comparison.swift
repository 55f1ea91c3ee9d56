// SPDX-License-Identifier: Apache-2.0
import Statistics

/// Two runs, case by case: what changed, and how surely.
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
    /// No difference shown; which is not to say that there is none.
    case undecided = "~"
  }

  /// What a verdict is about.
  public enum Subject: String, CaseIterable, Sendable {
    /// The case's own values: what every arm shares, the machine's mood among it, counts.
    case value
    /// Its ratio to the baseline of its run, where both runs have one: what every arm shares cancels out.
    case effect
  }

  /// A case that both runs measured.
  public struct Row: Sendable {
    /// The case's key in the newer run.
    public var key: String
    /// Empty where neither run recorded it.
    public var unit: String
    /// Medians of the blocks' medians, or of the samples where summaries are all there is.
    public var old: Double
    public var new: Double
    /// The newer run against the older one.
    public var effect: Effect
    /// The same of the ratio to the baseline of its own run; nil where either run has none.
    public var relative: Effect?
    /// Whether it rests on the intervals of two summaries instead of blocks.
    public var isWeak: Bool
    public var verdict: Verdict
  }

  /// A case of both runs that cannot be compared, and why.
  public struct Refusal: Hashable, Sendable {
    public var key: String
    public var reason: String
  }

  /// What both runs recorded, and differently.
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
      "\(key): '\(old)' in OLD, '\(new)' in NEW: values of two units cannot be compared"
    }
  }

  /// In the order of the newer run.
  public private(set) var rows: [Row] = []
  public private(set) var refusals: [Refusal] = []
  /// Keys of what only the newer run has, or only the older one.
  public private(set) var added: [String] = []
  public private(set) var missing: [String] = []
  /// What makes the comparison doubtful; not what is compared across.
  public private(set) var differences: [Difference] = []
  /// Cases that are the other arm of an axis compared across, in a run that holds both arms.
  public private(set) var otherArms = 0
  /// How large a change has to be to matter, as a share.
  public let threshold: Double
  /// What the verdicts are about.
  public let subject: Subject

  /// Compares the cases that both runs have.
  ///
  /// - Parameters:
  ///   - threshold: how large a change has to be to matter, as a share of the older value; above 0.
  ///   - subject: what the verdicts are about; a case without a baseline is judged by its values in any case.
  ///   - axes: what to compare across. `flush` is part of a key: it is left out when cases are matched, and a run
  ///     that holds both arms gives `off` as the older and `on` as the newer one. `kernel` and `abi` are in no key.
  /// - Throws: ``UnitMismatch`` where a case was measured in two units.
  public init(
    _ old: [RecordedCase], _ new: [RecordedCase], threshold: Double, by subject: Subject = .value,
    across axes: Set<Axis> = []
  ) throws(UnitMismatch) {
    self.threshold = threshold
    self.subject = subject
    let older = Side(old, acrossFlush: axes.contains(.flush), arm: .off)
    let newer = Side(new, acrossFlush: axes.contains(.flush), arm: .on)
    otherArms = older.otherArms + newer.otherArms
    var counts: [Difference: Int] = [:]
    var order: [Difference] = []
    for key in newer.order {
      guard let after = newer.cases[key] else { continue }
      guard let before = older.cases[key] else {
        added += after.map(\.key)
        continue
      }
      guard before.count == 1, after.count == 1 else {
        refusals.append(
          Refusal(
            key: key, reason: "ambiguous across flush: " + (before + after).map(\.key).joined(separator: ", ")
          ))
        continue
      }
      guard try compare(before[0], after[0]) else { continue }
      for difference in Self.differences(before[0], after[0], across: axes) {
        if counts[difference] == nil { order.append(difference) }
        counts[difference, default: 0] += 1
      }
    }
    missing = older.order.filter { newer.cases[$0] == nil }.flatMap { older.cases[$0] ?? [] }.map(\.key)
    differences = order.map { difference in
      var counted = difference
      counted.cases = counts[difference] ?? 0
      return counted
    }
  }

  /// Rows that got slower beyond the threshold, the worst first.
  public var regressions: [Row] {
    rows.filter { $0.verdict == .slower }.sorted { size($0) > size($1) }
  }

  /// What a row's verdict is about.
  public func judged(_ row: Row) -> Effect { Self.judged(row.effect, row.relative, by: subject) }

  private static func judged(_ effect: Effect, _ relative: Effect?, by subject: Subject) -> Effect {
    subject == .effect ? relative ?? effect : effect
  }

  /// Cases whose verdict is slower or faster while their ratio to the baseline shows no change beyond the threshold:
  /// they moved with their baseline, as the machine or the whole kernel moves.
  public var movedWithBaseline: Int {
    rows.count { row in
      guard row.verdict != .undecided, let relative = row.relative?.ratio else { return false }
      return abs(relative.value - 1) <= threshold || relative.interval.contains(1)
    }
  }

  /// How many 95 % intervals would exclude "no change" by chance alone if nothing had changed.
  public var chanceFindings: Double { 0.05 * Double(rows.count { $0.effect.shift.interval.isFinite }) }

  private func size(_ row: Row) -> Double { judged(row).ratio?.value ?? .infinity }

  /// Takes the case in; false where there is nothing to compare.
  private mutating func compare(_ before: RecordedCase, _ after: RecordedCase) throws(UnitMismatch) -> Bool {
    if !before.unit.isEmpty, !after.unit.isEmpty, before.unit != after.unit {
      throw UnitMismatch(key: after.key, old: before.unit, new: after.unit)
    }
    if let reason = Self.reason(before.evidence, after.evidence) {
      refusals.append(Refusal(key: after.key, reason: reason))
      return false
    }
    guard let old = before.evidence.median, let new = after.evidence.median,
      let (effect, isWeak) = Self.effect(before.evidence, after.evidence)
    else {
      refusals.append(Refusal(key: after.key, reason: "its values leave the range of numbers"))
      return false
    }
    let relative = Self.effect(before.effect, after.effect)?.effect
    let judged = Self.judged(effect, relative, by: subject)
    rows.append(
      Row(
        key: after.key, unit: after.unit.isEmpty ? before.unit : after.unit, old: old.value, new: new.value,
        effect: effect, relative: relative, isWeak: isWeak, verdict: verdict(judged, old: old.value)))
    return true
  }

  private static func reason(_ old: RecordedCase.Evidence, _ new: RecordedCase.Evidence) -> String? {
    switch (old, new) {
    case (.none(let before), .none(let after)):
      before == after ? "both: \(after)" : "OLD: \(before); NEW: \(after)"
    case (.none(let reason), _): "OLD: \(reason)"
    case (_, .none(let reason)): "NEW: \(reason)"
    default: nil
    }
  }

  /// Two runs share no rounds: blocks are compared unpaired.
  private static func effect(
    _ old: RecordedCase.Evidence, _ new: RecordedCase.Evidence
  ) -> (effect: Effect, isWeak: Bool)? {
    if case .blocks(let before) = old, case .blocks(let after) = new {
      return unpairedEffect(baseline: before, values: after).map { ($0, false) }
    }
    guard let before = old.median, let after = new.median else { return nil }
    return summaryEffect(before, after).map { ($0, true) }
  }

  /// The effect between two medians of which only the intervals are known.
  ///
  /// Its interval goes from corner to corner: the ratio from low/high to high/low, the shift likewise. Both medians
  /// lie in their 95 % intervals at once in 90 % of cases at least, so much is certain; and where the medians scatter
  /// about normally the corners are conservative: they lie at the sum of two half-widths, while the difference
  /// scatters by the root of the sum of their squares, so that two equal intervals give 99.4 % and one without width
  /// 95 %. The root itself would be narrower, but p50 is the median of all samples and its interval one of the
  /// blocks' medians, which need not be centred on it.
  private static func summaryEffect(
    _ old: (value: Double, interval: Interval), _ new: (value: Double, interval: Interval)
  ) -> Effect? {
    let isFinite = old.interval.isFinite && new.interval.isFinite
    let shift = LocationEstimate(
      value: new.value - old.value,
      interval: isFinite
        ? Interval(low: new.interval.low - old.interval.high, high: new.interval.high - old.interval.low)
        : .unbounded)
    guard shift.value.isFinite else { return nil }
    guard old.value > 0, new.value > 0, (new.value / old.value).isFinite,
      !isFinite || (old.interval.low > 0 && new.interval.low > 0)
    else { return Effect(shift: shift, ratio: nil, isPaired: false) }
    let ratio = LocationEstimate(
      value: new.value / old.value,
      interval: isFinite
        ? Interval(low: new.interval.low / old.interval.high, high: new.interval.high / old.interval.low)
        : .unbounded)
    return Effect(shift: shift, ratio: ratio, isPaired: false)
  }

  /// A difference is shown where the interval excludes none, and it matters where its centre is beyond the
  /// threshold. Values without a ratio (0 or less among them) are judged by the shift as a share of the older
  /// value; beside an older value of 0 every shift matters.
  private func verdict(_ effect: Effect, old: Double) -> Verdict {
    let (estimate, none, scale) =
      effect.ratio.map { ($0, 1.0, 1.0) } ?? (effect.shift, 0.0, abs(old))
    guard estimate.interval.low > none || estimate.interval.high < none else { return .undecided }
    let change = estimate.value - none
    guard abs(change) > threshold * scale else { return .undecided }
    return change > 0 ? .slower : .faster
  }

  private static func differences(
    _ old: RecordedCase, _ new: RecordedCase, across axes: Set<Axis>
  ) -> [Difference] {
    RecordedCase.Trait.allCases.compactMap { trait in
      switch trait {
      case .kernel where axes.contains(.kernel), .abi where axes.contains(.abi),
        .flush where axes.contains(.flush):
        return nil
      case .machine, .kernel, .abi, .flush, .clock, .method, .pageBytes: break
      }
      guard let before = old.traits[trait], let after = new.traits[trait], before != after else { return nil }
      // A flush that could not be told is not known to differ.
      if trait == .flush, [before, after].contains(FlushState.unknown.rawValue) { return nil }
      return Difference(trait: trait, old: before, new: after, cases: 0)
    }
  }
}

/// One of the runs, its cases by what they are matched by.
private struct Side {
  private(set) var cases: [String: [RecordedCase]] = [:]
  private(set) var order: [String] = []
  private(set) var otherArms = 0

  init(_ recorded: [RecordedCase], acrossFlush: Bool, arm: FlushSetting) {
    for one in recorded {
      let key = acrossFlush ? Self.withoutFlush(one.key) : one.key
      if cases[key] == nil { order.append(key) }
      cases[key, default: []].append(one)
    }
    guard acrossFlush else { return }
    for (key, arms) in cases where arms.count > 1 {
      let chosen = arms.filter { $0.key.split(separator: "/").contains("flush=\(arm.rawValue)") }
      guard chosen.count == 1 else { continue }
      cases[key] = chosen
      otherArms += arms.count - 1
    }
  }

  private static func withoutFlush(_ key: String) -> String {
    key.split(separator: "/", omittingEmptySubsequences: false).filter { !$0.hasPrefix("flush=") }
      .joined(separator: "/")
  }
}
