// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

/// A run's ratio at the state of the machine that the run had, and how the ratio follows that state.
///
/// Runs of one series are compared at one common state, as the sides of a comparison are: a night on which interrupts
/// take 10 % longer is no slower kernel.
public struct AdjustedEffect: Hashable, Sendable {
  /// At the run's own state.
  public var ratio: LocationEstimate
  /// How much the ratio's logarithm moves with a probe's, in the order of `Probes.Kind`; nil where it is not adjusted
  /// for that probe.
  public var slopes: [Double?]
  /// Logarithms of the probes, in ns: the medians over the run's rounds. Nil for one that was not measured.
  public var state: [Double?]

  public init(ratio: LocationEstimate, slopes: [Double?], state: [Double?]) {
    self.ratio = ratio
    self.slopes = slopes
    self.state = state
  }

  /// The ratio at another state; nil where a probe that it is adjusted for has no value in one of the two.
  ///
  /// The interval keeps its relative width: summary.csv does not say how well the slopes are known.
  public func ratio(at other: [Double?]) -> LocationEstimate? {
    var shift = 0.0
    for (index, slope) in slopes.enumerated() {
      guard let slope else { continue }
      guard let own = state.value(index), let wanted = other.value(index) else { return nil }
      shift += slope * (wanted - own)
    }
    let factor = exp(shift)
    return LocationEstimate(
      value: ratio.value * factor,
      interval: Interval(low: ratio.interval.low * factor, high: ratio.interval.high * factor))
  }
}

extension [Double?] {
  /// Nil where there is none, or no such element.
  fileprivate func value(_ index: Int) -> Double? { indices.contains(index) ? self[index] : nil }
}

extension SeriesPoint {
  /// The ratio that is judged: at a state of the machine where the run knows how to bring it there, else as measured.
  public func effect(at state: [Double?]) -> LocationEstimate? { adjusted?.ratio(at: state) ?? ratio }
}

extension SeriesHistory {
  /// The state at which the runs' ratios are compared: the median of each probe's logarithm over the runs whose ratios
  /// are adjusted; nil for a probe that none of them has.
  public var state: [Double?] {
    let states = points.compactMap(\.adjusted?.state)
    return Probes.Kind.allCases.map { kind in median(states.compactMap { $0.value(kind.rawValue) }) }
  }
}
