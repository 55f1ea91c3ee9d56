// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What comparisons of an arm with itself came to: how often they claimed a difference that is not there, and how
/// small a one they would have found.
public struct SelfcheckResult: Sendable {
  /// The case whose replicas were compared.
  public var measuredCase: Case
  public var unit: SampleUnit
  /// Comparisons with an interval.
  public var comparisons: Int
  /// Comparisons with too few blocks for one, or without any.
  public var withoutInterval: Int
  /// Intervals that miss the truth: 1 for the ratio, or the delay added where there is one.
  public var alarms: Int
  /// The most alarms that a correct tool is allowed.
  public var allowedAlarms: Int
  /// Blocks of both arms in a comparison, median.
  public var blocks: Int
  /// The ratio that so large a share of the comparisons would have told from 1.
  public var detectable: [Detectable]
  /// What was added to every page of one arm of each comparison, in the case's unit; nil: nothing.
  public var delay: Double?
  /// Comparisons that found the delay.
  public var found: Int

  public struct Detectable: Hashable, Sendable {
    public var power: Double
    public var ratio: Double
  }

  public var passes: Bool { alarms <= allowedAlarms }

  private static let powers = [0.8, 0.95]
  /// How often a correct tool may fail, at most about.
  private static let failureRate = 0.0125

  /// Judges pairs of replicas: the second of each is compared with the first.
  ///
  /// - Parameter delay: what every page of the second took longer, in the case's unit.
  /// - Returns: nil where nothing was measured.
  public init?(_ summaries: [Summary], delay: Double? = nil) {
    guard let first = summaries.first else { return nil }
    measuredCase = first.measuredCase
    measuredCase.replica = nil
    unit = first.unit
    self.delay = delay
    let compared = summaries.filter { $0.baseline != nil }
    let effects = compared.compactMap { summary in
      summary.effect?.ratio.flatMap { $0.interval.isFinite ? (ratio: $0, shift: summary.effect?.shift) : nil }
    }
    guard !effects.isEmpty else { return nil }
    comparisons = effects.count
    withoutInterval = compared.count - effects.count
    alarms = effects.count { effect in
      guard let delay else { return !effect.ratio.interval.contains(1) }
      return effect.shift.map { !$0.interval.contains(delay) } ?? true
    }
    found = effects.count { $0.ratio.interval.low > 1 }
    allowedAlarms = Self.allowed(of: comparisons)
    blocks = Int(median(compared.map { 2 * Double($0.blocks) }) ?? 0)
    // An effect moves an interval of logarithms as a whole: it is found once it lifts the lower bound above 0.
    let reaches = effects.map { max(1 / $0.ratio.interval.low, 1) }.sorted()
    detectable = Self.powers.map { power in
      let rank = Int((power * Double(reaches.count)).rounded(.up))
      return Detectable(power: power, ratio: reaches[max(rank, 1) - 1])
    }
  }

  /// The least number that a correct tool, wrong in 5 % of its comparisons, exceeds in about one selfcheck of a hundred:
  /// 10 of 100.
  static func allowed(of comparisons: Int) -> Int {
    (0...comparisons).first {
      binomialUpperTail(above: $0, of: comparisons, probability: 0.05) <= failureRate
    } ?? comparisons
  }
}
