// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The effect of one arm against the baseline arm.
public struct Effect: Hashable, Sendable {
  /// How much is added: value minus baseline, in the unit of the values given. 0 is no effect.
  public var shift: LocationEstimate
  /// How many times as much it is: value over baseline, without unit. 1 is no effect. nil where a value is 0 or
  /// less, because such values have no ratio, and where a ratio leaves the range of Double.
  public var ratio: LocationEstimate?
  /// Whether values were compared within their rounds, which removes what a round's blocks share.
  public var isPaired: Bool
  /// The same at a stated state of the machine; nil where the probes explain nothing of what moved.
  public var adjustedShift: LocationEstimate?
  public var adjustedRatio: LocationEstimate?
  /// Of the logarithm of the ratio, by probe: how much it moves for each unit of the probe's logarithm. Nil where that
  /// probe is not adjusted for.
  public var slopes: [Double?]
  /// Passes that the estimates rest on; nil where they rest on blocks alone.
  public var passes: Int?
  /// Share of the variance of a round's ratio (or difference, where there is no ratio) that lies between passes.
  public var betweenShare: Double?

  /// An effect with these parts.
  public init(
    shift: LocationEstimate, ratio: LocationEstimate?, isPaired: Bool, adjustedShift: LocationEstimate? = nil,
    adjustedRatio: LocationEstimate? = nil, slopes: [Double?] = [], passes: Int? = nil,
    betweenShare: Double? = nil
  ) {
    self.shift = shift
    self.ratio = ratio
    self.isPaired = isPaired
    self.adjustedShift = adjustedShift
    self.adjustedRatio = adjustedRatio
    self.slopes = slopes
    self.passes = passes
    self.betweenShare = betweenShare
  }
}

/// The effect between two arms measured in the same rounds: the Hodges-Lehmann centre of the rounds' differences,
/// and that of the logarithms of their ratios, exponentiated back.
///
/// Whatever a round's two blocks share cancels out. See ``hodgesLehmannCenter(_:confidence:)`` for the intervals:
/// exact up to 60 pairs, unbounded below 6 at 95 %. The ratio's interval is then unbounded too and does not start
/// at 0, which would look like a finding. Pairs with the same difference give an interval without width.
///
/// - Precondition: `0 < confidence && confidence < 1`.
/// - Returns: nil where there is no pair, or a value or a difference is NaN or infinite.
/// - Complexity: O(n log n) time and O(n) memory.
public func pairedEffect(_ pairs: [(baseline: Double, value: Double)], confidence: Double = 0.95) -> Effect? {
  let differences = pairs.map { $0.value - $0.baseline }
  guard let shift = hodgesLehmannCenter(differences, confidence: confidence) else { return nil }
  var ratio: LocationEstimate?
  if pairs.allSatisfy({ $0.baseline > 0 && $0.value > 0 }) {
    let logarithms = pairs.map { log($0.value / $0.baseline) }
    ratio = hodgesLehmannCenter(logarithms, confidence: confidence).map(exponentiated)
  }
  return Effect(shift: shift, ratio: ratio, isPaired: true)
}

/// The effect between two arms whose values have no rounds in common: the Hodges-Lehmann shift, and that of the
/// logarithms, exponentiated back.
///
/// See ``hodgesLehmannShift(from:to:confidence:)`` for the intervals: exact up to about 30 values an arm, unbounded
/// below 4 and 4 (or 3 and 5, or 2 and 8) at 95 %, the ratio's too.
///
/// - Precondition: `0 < confidence && confidence < 1`.
/// - Returns: nil where an arm is empty, or a value or a difference is NaN or infinite.
/// - Complexity: O(n log n) time and O(n) memory.
public func unpairedEffect(baseline: [Double], values: [Double], confidence: Double = 0.95) -> Effect? {
  guard let shift = hodgesLehmannShift(from: baseline, to: values, confidence: confidence) else { return nil }
  var ratio: LocationEstimate?
  if baseline.allSatisfy({ $0 > 0 }), values.allSatisfy({ $0 > 0 }) {
    ratio = hodgesLehmannShift(from: baseline.map(log), to: values.map(log), confidence: confidence)
      .map(exponentiated)
  }
  return Effect(shift: shift, ratio: ratio, isPaired: false)
}

/// From the scale of logarithms back. A bound that is not known stays so: exp(-infinity) would be a bound of 0.
public func exponentiated(_ estimate: LocationEstimate) -> LocationEstimate {
  let interval =
    estimate.interval.isFinite
    ? Interval(low: exp(estimate.interval.low), high: exp(estimate.interval.high)) : .unbounded
  return LocationEstimate(value: exp(estimate.value), interval: interval)
}
