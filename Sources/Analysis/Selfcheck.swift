// SPDX-License-Identifier: Apache-2.0
import Model
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
  /// Ratios whose interval excludes 1.
  public var alarms: Int
  /// The most alarms that a correct tool is allowed.
  public var allowedAlarms: Int
  /// Blocks of both arms in a comparison, median.
  public var blocks: Int
  /// The ratio that so large a share of the comparisons would have told from 1.
  public var detectable: [Detectable]
  /// What was added to every page of one arm of each comparison, in the case's unit, median; nil: nothing.
  public var delay: Double?
  /// Comparisons that found it, and the shift that they show, median, in the case's unit.
  public var found: Int
  public var shift: Double

  public struct Detectable: Hashable, Sendable {
    public var power: Double
    public var ratio: Double
  }

  /// No more false alarms than a correct tool has; of a delay, nearly all comparisons found it.
  public var passes: Bool {
    delay == nil ? alarms <= allowedAlarms : Double(found) >= Self.leastFound * Double(comparisons)
  }

  private static let leastFound = 0.95

  private static let powers = [0.8, 0.95]
  /// How often a correct tool may fail, at most about.
  private static let failureRate = 0.0125

  /// Judges pairs of replicas: the second of each is compared with the first.
  ///
  /// - Returns: nil where nothing was measured.
  public init?(_ summaries: [Summary]) {
    guard let first = summaries.first else { return nil }
    measuredCase = first.measuredCase
    measuredCase.replica = nil
    unit = first.unit
    let compared = summaries.filter { $0.baseline != nil }
    let effects = compared.compactMap { summary in
      summary.effect.flatMap { effect in
        effect.ratio.flatMap { $0.interval.isFinite ? (ratio: $0, shift: effect.shift.value) : nil }
      }
    }
    guard !effects.isEmpty else { return nil }
    comparisons = effects.count
    withoutInterval = compared.count - effects.count
    delay = median(compared.compactMap { $0.detail?.added })
    shift = median(effects.map(\.shift)) ?? 0
    alarms = effects.count { !$0.ratio.interval.contains(1) }
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
