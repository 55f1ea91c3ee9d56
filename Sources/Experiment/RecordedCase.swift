// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What one run left of one case, for a comparison with another run.
public struct RecordedCase: Sendable {
  /// What bears on a case's figures without being part of its key.
  public enum Trait: String, CaseIterable, Sendable {
    case machine = "machine key"
    case kernel
    case abi
    case flush = "observed flush"
    case clock
    case method
    case pageBytes = "page size"
  }

  /// What its figures are made of, in its unit.
  public enum Evidence: Sendable {
    /// The medians of the blocks that count.
    case blocks([Double])
    /// A summary alone: the median and its 95 % interval.
    case summary(p50: Double, Interval)
    /// Nothing, and why.
    case none(String)
  }

  /// The key of the case, or any text where the data come from elsewhere.
  public var key: String
  /// Empty where it was not recorded.
  public var unit: String
  public var evidence: Evidence
  /// Its ratio to the baseline of its own run, round by round or from the summary.
  public var effect: Evidence
  /// What was recorded of each; one that is not there is not known.
  public var traits: [Trait: String] = [:]

  public init(
    key: String, unit: String, evidence: Evidence, effect: Evidence = .none("no baseline"),
    traits: [Trait: String] = [:]
  ) {
    self.key = key
    self.unit = unit
    self.evidence = evidence
    self.effect = effect
    self.traits = traits
  }
}

extension RecordedCase.Evidence {
  /// The median and its interval, whatever is there; nil without anything.
  var median: (value: Double, interval: Interval)? {
    switch self {
    case .blocks(let medians):
      Statistics.median(medians).map { ($0, medianInterval(medians).interval) }
    case .summary(let p50, let interval): (p50, interval)
    case .none: nil
    }
  }
}
