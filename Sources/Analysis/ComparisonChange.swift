// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

extension Comparison {
  /// How much NEW differs from OLD in one figure.
  public struct Change: Sendable {
    /// Difference of logarithms where ``isRatio``, else in the unit of the values.
    public var location: PassEstimate.Location
    public var isRatio: Bool
    /// A run's estimate was moved to the common state of the machine.
    public var isAdjusted: Bool
    /// It rests on the intervals of summaries instead of blocks.
    public var isWeak: Bool
    /// Its interval holds what runs of this machine differ by though nothing changed; else it is known too well.
    public var isKnown: Bool

    /// The ratio NEW / OLD, or the shift.
    public var estimate: LocationEstimate {
      isRatio ? exponentiated(LocationEstimate(location)) : LocationEstimate(location)
    }
  }

  /// What is alike for all cases: the runs are compared at one state of the machine.
  struct Common {
    /// Logarithms of the probes; nil for one that a run lacks.
    var state: [Double?]
    var history: RunHistory
    /// How much of the drift within a run makes it differ from the other one, as of `passEstimate`.
    var persistence: Double
  }

  /// The change of the case's own value; nil where it leaves the range of numbers.
  static func valueChange(
    _ old: ComparisonSide.Cases, _ new: ComparisonSide.Cases, unit: String, at common: Common
  ) -> Change? {
    let known = new.first.flatMap { common.history.values(of: $0.recorded.key, unit: unit) }
    // Instructions are counted: neither the hour nor the machine has a part in them.
    let isCounted = unit == SampleUnit.instructions.rawValue
    let isKnown = isCounted || known != nil || old.count > 1 || new.count > 1
    for isRatio in [true, false] {
      let sides = [old, new].map { side in
        side.map { RunFigure.value(of: $0.recorded, isRatio: isRatio, at: common) }
      }
      guard sides.allSatisfy({ $0.allSatisfy { $0 != nil } }) else { continue }
      return change(
        sides[0].compactMap(\.self), sides[1].compactMap(\.self), isRatio: isRatio,
        known: isRatio ? known : nil, isKnown: isKnown)
    }
    return nil
  }

  /// The change of the ratio to another case of the same rounds; nil where one of the sides has none.
  static func ratioChange(
    _ old: ComparisonSide.Cases, _ new: ComparisonSide.Cases, unit: String, at common: Common,
    to other: (RecordedCase) -> String?
  ) -> Change? {
    let sides = [old, new].map { side in
      side.compactMap { one in
        other(one.recorded).flatMap { one.run.ratio(of: one.recorded, to: $0, at: common) }
      }
    }
    guard sides.allSatisfy({ !$0.isEmpty }) else { return nil }
    let known = new.first.flatMap { one in
      other(one.recorded).flatMap { common.history.ratios(of: one.recorded.key, to: $0, unit: unit) }
    }
    return change(sides[0], sides[1], isRatio: true, known: known, isKnown: true)
  }

  /// The change between two arms of a switch that one run measured in the same rounds; nil of anything else.
  static func pairedChange(
    _ old: ComparisonSide.Cases, _ new: ComparisonSide.Cases, at common: Common
  ) -> Change? {
    guard old.count == 1, new.count == 1, let runID = old[0].run.runID, runID == new[0].run.runID,
      old[0].recorded.key != new[0].recorded.key, old[0].recorded.sharesRounds(with: new[0].recorded),
      let before = old[0].recorded.series, let after = new[0].recorded.series,
      let figure = after.ratioEstimate(against: before, state: common.state).map({ RunFigure($0) })
    else { return nil }
    return Change(
      location: figure.location, isRatio: true, isAdjusted: figure.isAdjusted, isWeak: false, isKnown: true)
  }

  /// The difference of two sides' figures: by Welch of one run each; with several their scatter tells what runs differ
  /// by, to a side of one run as well.
  private static func change(
    _ old: [RunFigure], _ new: [RunFigure], isRatio: Bool, known: BetweenRuns?, isKnown: Bool
  ) -> Change? {
    let shared = (
      old: known ?? (old.count == 1 ? scatter(of: new) : nil),
      new: known ?? (new.count == 1 ? scatter(of: old) : nil)
    )
    guard let before = side(old, shared.old), let after = side(new, shared.new) else { return nil }
    var location = differenceOfEstimates(after, before)
    if shared.old != nil || shared.new != nil {
      // Both sides rest on one variance: it is not known the better for being used twice.
      location.degreesOfFreedom = min(
        location.degreesOfFreedom, max(before.degreesOfFreedom, after.degreesOfFreedom))
    }
    let isWeak = (old + new).contains(where: \.isWeak)
    if isWeak {
      // From corner to corner: the medians of summaries are those of all samples, and their intervals are of blocks'
      // medians, which need not be centred on them.
      location.standardError = before.standardError + after.standardError
      location.degreesOfFreedom = min(before.degreesOfFreedom, after.degreesOfFreedom)
    }
    guard location.value.isFinite else { return nil }
    return Change(
      location: location, isRatio: isRatio, isAdjusted: (old + new).contains(where: \.isAdjusted),
      isWeak: isWeak, isKnown: isKnown)
  }

  private static func side(_ runs: [RunFigure], _ known: BetweenRuns?) -> PassEstimate.Location? {
    runsEstimate(
      runs.map(\.location),
      betweenRunVariance: known.map { (variance: $0.variance, degreesOfFreedom: $0.degreesOfFreedom) })
  }

  /// What several runs differ by, their own errors included; nil of one.
  private static func scatter(of runs: [RunFigure]) -> BetweenRuns? {
    guard runs.count > 1 else { return nil }
    let freedom = Double(runs.count - 1)
    let values = runs.map(\.location.value)
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return squares.isFinite ? BetweenRuns(variance: squares / freedom, degreesOfFreedom: freedom) : nil
  }
}

/// What one run says of a figure.
struct RunFigure {
  var location: PassEstimate.Location
  var isAdjusted = false
  var isWeak = false

  /// Degrees of freedom of an interval of which only the bounds are known: those of eight passes.
  private static let summaryFreedom = 7.0

  init(_ estimate: PassEstimate) {
    location = estimate.adjusted ?? estimate.raw
    isAdjusted = estimate.adjusted != nil
  }

  /// From the bounds of a 95 % interval, the farther one of them.
  private init(value: Double, interval: Interval) {
    let unit = PassEstimate.Location(
      value: 0, standardError: 1, degreesOfFreedom: Self.summaryFreedom
    ).interval()
    let reach = max(interval.high - value, value - interval.low)
    let isBounded = interval.isFinite && reach.isFinite
    location = PassEstimate.Location(
      value: value, standardError: isBounded ? max(0, reach) / unit.high : .infinity,
      degreesOfFreedom: isBounded ? Self.summaryFreedom : 0)
    isWeak = true
  }

  /// From a summary's ratio; nil where it is none.
  init?(ratio: LocationEstimate) {
    guard ratio.value > 0 else { return nil }
    let interval = ratio.interval
    self.init(
      value: log(ratio.value),
      interval: interval.isFinite && interval.low > 0
        ? Interval(low: log(interval.low), high: log(interval.high)) : .unbounded)
  }

  /// 1 over it.
  var inverse: RunFigure {
    var copy = self
    copy.location.value = -location.value
    return copy
  }

  /// The case's own value, as a logarithm or in its unit; nil where it has none.
  static func value(of recorded: RecordedCase, isRatio: Bool, at common: Comparison.Common) -> RunFigure? {
    switch recorded.evidence {
    case .none: nil
    case .summary(let p50, let interval):
      isRatio
        ? RunFigure(ratio: LocationEstimate(value: p50, interval: interval))
        : RunFigure(value: p50, interval: interval)
    case .blocks(let series):
      (isRatio
        ? series.valueEstimate(state: common.state, persistence: common.persistence) : series.shiftEstimate)
        .map { RunFigure($0) }
    }
  }
}

extension BlockSeries {
  /// The case's own value in its unit, where it has no logarithm.
  fileprivate var shiftEstimate: PassEstimate? {
    passEstimate(passMeans { medians[$0] }, reference: [], priors: [])
  }
}

extension ComparedRun {
  /// The ratio of one of its cases to another one of the same rounds; nil where it has none.
  func ratio(of recorded: RecordedCase, to other: String, at common: Comparison.Common) -> RunFigure? {
    if case .summary = recorded.evidence, recorded.baseline == other {
      return recorded.ratio.flatMap { RunFigure(ratio: $0) }
    }
    guard let base = self[other] else { return nil }
    if case .summary = base.evidence, base.baseline == recorded.key {
      return base.ratio.flatMap { RunFigure(ratio: $0) }?.inverse
    }
    guard let series = recorded.series, let baseline = base.series, recorded.sharesRounds(with: base) else {
      return nil
    }
    return series.ratioEstimate(against: baseline, state: common.state, persistence: common.persistence)
      .map { RunFigure($0) }
  }
}
