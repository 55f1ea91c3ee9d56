// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

/// A series with what its runs say, in the order of time.
public struct SeriesHistory: Sendable {
  public var series: Series
  public var points: [SeriesPoint]

  public init(series: Series, points: [SeriesPoint]) {
    self.series = series
    self.points = points
  }
}

/// One change of one series.
public struct SeriesChange: Sendable {
  /// Of which of its two figures.
  public enum Kind: String, CaseIterable, Sendable {
    /// Its ratio to the baseline of its run, at the series' common state of the machine where the probes explain it.
    case effect
    /// Its median.
    case absolute
  }

  /// What a change is taken for.
  public enum Verdict: Hashable, Sendable {
    case regression, improvement
    /// The arms of the case, or where it has none most series, moved alike.
    case machine
    /// The baseline moved and this arm did not.
    case baseline
    /// The kernel removes the entry elsewhere, or speaks another dialect, since then: the figure means another thing.
    case meaning
    /// The median moved, but neither did the baseline's with it nor its ratio to that.
    case medianAlone
    /// The effect's change says it already.
    case told
  }

  public var series: Series
  public var kind: Kind
  public var change: ChangePoint
  /// The last run before the change, and the first one after it, as far as they can be told.
  public var before, after: SeriesPoint
  /// The runs between which the change lies: the last that is surely before it, and the first that is surely after it.
  public var earliest, latest: SeriesPoint
  /// The state of the machine at which the ratios were compared, as of ``SeriesHistory/state``.
  public var state: [Double?] = []
  /// Medians of the nights compared: a ratio or in the series' unit.
  public var levelBefore, levelAfter: Double
  public var verdict = Verdict.medianAlone
  /// Later changes took it back.
  public var isUndone = false
  /// Known and to be left in peace.
  public var isAcknowledged = false
  /// What measuring it again said; nil where that was not done.
  public var again: MeasuredAgain?
  /// What differs between the last run that is surely before it and the first that is surely after it.
  public var facts: [FactChange] = []

  /// A figure measured again, to see which side of a change it is on.
  public enum MeasuredAgain: Hashable, Sendable {
    case confirmed(Double)
    /// It is nearer to what was before.
    case refuted(Double)
    /// Why there is no figure.
    case missing(String)
  }

  public var isSlower: Bool { change.ratio.value > 1 }

  /// Somebody has to hear of it.
  public var isAlarm: Bool {
    if case .refuted = again { return false }
    return isOpen
  }

  /// A regression that is still there and that nobody has acknowledged.
  public var isOpen: Bool { verdict == .regression && !isUndone && !isAcknowledged }

  /// Takes the figure measured again in, a ratio or in the series' unit.
  public mutating func measuredAgain(_ figure: Double) {
    let (low, high) = (min(levelBefore, levelAfter), max(levelBefore, levelAfter))
    // The geometric middle: changes are ratios.
    let isSlow = figure > (low * high).squareRoot()
    again = isSlow == isSlower ? .confirmed(figure) : .refuted(figure)
  }

  /// When it can have been.
  var span: RunSpan { RunSpan(after: earliest.startedAt, until: latest.startedAt) }
}

/// Somebody knows of a regression and does not want to hear of it again.
public struct Acknowledgement: Hashable, Sendable {
  public var id: Int64?
  public var series: Series
  public var kind: SeriesChange.Kind
  /// When the runs started between which the change lay, as it was known then; in UTC, as of a point.
  public var earliest, latest: String
  public var note: String
  /// When it was made.
  public var madeAt: String

  public init(
    id: Int64? = nil, series: Series, kind: SeriesChange.Kind, earliest: String, latest: String, note: String,
    madeAt: String
  ) {
    self.id = id
    self.series = series
    self.kind = kind
    self.earliest = earliest
    self.latest = latest
    self.note = note
    self.madeAt = madeAt
  }

  public init(of change: SeriesChange, note: String, madeAt: String) {
    self.init(
      series: change.series, kind: change.kind, earliest: change.earliest.startedAt,
      latest: change.latest.startedAt, note: note, madeAt: madeAt)
  }

  /// Whether a change is the one meant: later nights move a change a little, and tell its place more closely.
  public func covers(_ change: SeriesChange) -> Bool {
    change.isSlower && series == change.series && kind == change.kind
      && RunSpan(after: earliest, until: latest).meets(change.span)
  }
}

/// What a look at the series of many nights says.
public struct SeriesCheck: Sendable {
  /// How many series were looked at, and on how many of their figures nothing can be said: too few nights, or a value
  /// of 0.
  public var series = 0
  public var tooFew = 0
  public var unjudged = 0
  /// Figures judged by change points, and ratios among them that were brought to a common state of the machine in any
  /// night.
  public var judged = 0
  public var adjusted = 0
  /// False alarms that this many figures raise in a year, by simulation; nil under a rule that was not simulated.
  public var falseAlarmsPerYear: Double?
  /// In order of time, then of the series.
  public var changes: [SeriesChange] = []
  /// When each machine key's runs started, in order.
  public var nights: [String: [String]] = [:]

  public var alarms: [SeriesChange] { changes.filter(\.isAlarm) }

  /// Whether a run is among the last so many nights of its machine.
  public func isRecent(_ startedAt: String, on machineKey: String, nights count: Int) -> Bool {
    nights[machineKey]?.suffix(count).first.map { startedAt >= $0 } ?? true
  }

  /// How changes are found.
  public struct Rule: Sendable {
    /// Of times.
    public var changePoints: ChangePointRule
    /// Of counted instructions, where one night tells: as of `levelChanges`.
    public var countedMagnitude: Double

    public init(changePoints: ChangePointRule = ChangePointRule(), countedMagnitude: Double = 0.01) {
      self.changePoints = changePoints
      self.countedMagnitude = countedMagnitude
    }
  }

  /// - Parameters:
  ///   - histories: of one machine key or several.
  ///   - meaningChanges: whether it is what the series measures that changed, for a reason that is none of its cost.
  public init(_ histories: [SeriesHistory], rule: Rule, meaningChanges: (SeriesChange) -> Bool) {
    series = histories.count
    for own in Dictionary(grouping: histories, by: \.series.machineKey).sorted(by: { $0.key < $1.key }) {
      nights[own.key] = Set(own.value.flatMap { $0.points.map(\.startedAt) }).sorted()
      var machine = MachineCheck(own.value, rule)
      machine.judge(meaningChanges)
      tooFew += machine.tooFew
      unjudged += machine.unjudged
      judged += machine.timesJudged
      adjusted += machine.adjusted
      changes += machine.changes.filter { $0.verdict != .told }
    }
    if rule.changePoints == ChangePointRule() {
      falseAlarmsPerYear = Double(judged) * ChangePointRule.simulatedFalseAlarms
    }
    changes.sort { ($0.after.startedAt, $0.series.key) < ($1.after.startedAt, $1.series.key) }
  }
}

/// The series of one machine key.
private struct MachineCheck {
  private let histories: [SeriesHistory]
  private let bound: Double
  private(set) var changes: [SeriesChange] = []
  private(set) var tooFew = 0
  private(set) var unjudged = 0
  private(set) var timesJudged = 0
  private(set) var adjusted = 0
  /// The baseline's series of each that has one; that and its arms are a family.
  private var baselines: [Series: Series] = [:]
  private var families: [Series: [Series]] = [:]
  /// Series whose medians were judged: the others cannot say whether they moved.
  private var judged: Set<Series> = []

  init(_ histories: [SeriesHistory], _ rule: SeriesCheck.Rule) {
    self.histories = histories
    bound = log(1 + min(rule.changePoints.minimumMagnitude, rule.countedMagnitude))
    for history in histories {
      let series = history.series
      let baseline = history.points.last { !$0.baseline.isEmpty }?.baseline
      let parent = baseline.map { Series(machineKey: series.machineKey, key: $0, unit: series.unit) }
      baselines[series] = parent
      families[parent ?? series, default: []].append(series)
      let state = history.state
      look(at: history.points.filter { $0.value != nil }, of: series, .absolute, rule) { $0.value }
      // Against another baseline a ratio is another figure.
      let compared = history.points.filter { $0.ratio != nil && $0.baseline == baseline }
      look(at: compared, of: series, .effect, rule, state) { $0.effect(at: state) }
    }
  }

  private mutating func look(
    at points: [SeriesPoint], of series: Series, _ kind: SeriesChange.Kind, _ rule: SeriesCheck.Rule,
    _ state: [Double?] = [], _ figure: (SeriesPoint) -> LocationEstimate?
  ) {
    let estimates = points.compactMap(figure)
    guard !estimates.isEmpty else { return }
    let isCounted = series.unit == SampleUnit.instructions.rawValue
    guard estimates.count >= (isCounted ? 2 : 2 * rule.changePoints.minimumPoints) else {
      tooFew += 1
      return
    }
    let values = estimates.map(\.value)
    let found =
      isCounted
      ? levelChanges(in: estimates, minimumMagnitude: rule.countedMagnitude)
      : changePoints(in: values, rule: rule.changePoints)
    guard let found else {
      unjudged += 1
      return
    }
    if kind == .absolute { judged.insert(series) }
    if !isCounted { timesJudged += 1 }
    if kind == .effect, points.contains(where: { $0.adjusted?.ratio(at: state) != nil }) { adjusted += 1 }
    for (number, change) in found.enumerated() {
      let left = found[number...].reduce(0) { $0 + log($1.ratio.value) }
      changes.append(
        SeriesChange(
          series: series, kind: kind, change: change, before: points[change.index - 1],
          after: points[change.index], earliest: points[change.region.lowerBound - 1],
          latest: points[change.region.upperBound], state: state,
          levelBefore: median(Array(values[change.before])) ?? .nan,
          levelAfter: median(Array(values[change.after])) ?? .nan,
          isUndone: change.ratio.value > 1 ? left < bound : left > -bound))
    }
  }

  mutating func judge(_ meaningChanges: (SeriesChange) -> Bool) {
    let found = Dictionary(grouping: changes, by: \.series)
    for index in changes.indices {
      let change = changes[index]
      changes[index].verdict = meaningChanges(change) ? .meaning : verdict(on: change, found)
    }
  }

  /// The change of a figure of a series that may be the same event, in a direction.
  private func moved(
    _ series: Series, _ kind: SeriesChange.Kind, slower: Bool, with change: SeriesChange,
    _ found: [Series: [SeriesChange]]
  ) -> Bool {
    found[series]?.contains { $0.kind == kind && $0.isSlower == slower && $0.span.meets(change.span) } == true
  }

  private func verdict(
    on change: SeriesChange, _ found: [Series: [SeriesChange]]
  ) -> SeriesChange.Verdict {
    let own: SeriesChange.Verdict = change.isSlower ? .regression : .improvement
    let (series, slower) = (change.series, change.isSlower)
    guard let baseline = baselines[series] else {
      return isShared(change, found) ? .machine : own
    }
    let baselineMoved = moved(baseline, .absolute, slower: !slower, with: change, found)
    switch change.kind {
    case .effect:
      let armMoved = moved(series, .absolute, slower: slower, with: change, found)
      return baselineMoved && !armMoved ? .baseline : own
    case .absolute:
      if moved(series, .effect, slower: slower, with: change, found) { return .told }
      return moved(baseline, .absolute, slower: slower, with: change, found) ? .machine : .medianAlone
    }
  }

  /// Whether the rest moved as a median did: of its family, or where it is alone of all series in its unit.
  private func isShared(_ change: SeriesChange, _ found: [Series: [SeriesChange]]) -> Bool {
    func others(_ series: [Series]) -> [Series] {
      series.filter { $0 != change.series && $0.unit == change.series.unit && judged.contains($0) }
    }
    var mates = others(families[change.series] ?? [])
    if mates.isEmpty { mates = others(histories.map(\.series)) }
    guard !mates.isEmpty else { return false }
    let alike = mates.count {
      moved($0, .absolute, slower: change.isSlower, with: change, found)
    }
    return 2 * alike > mates.count
  }
}
