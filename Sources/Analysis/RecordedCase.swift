// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// What one run left of one case, for a comparison with other runs.
public struct RecordedCase: Sendable {
  /// What matters for a case's figures and is not part of its key.
  public enum Trait: String, CaseIterable, Sendable {
    case machine = "machine key"
    case kernel
    case abi
    case flush = "observed flush"
    case clock
    case method
    case pageBytes = "page size"
    case baseline
  }

  /// What its figures are made of, in its unit.
  public enum Evidence: Sendable {
    /// The blocks that count; at least one has a median.
    case blocks(BlockSeries)
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
  /// Key of the case that its run holds it against; nil for such a case itself, and where that was not recorded.
  public var baseline: String?
  /// Its ratio to that, where summaries are all there is.
  public var ratio: LocationEstimate?
  /// What was recorded of each; one that is not there is not known.
  public var traits: [Trait: String] = [:]

  public init(
    key: String, unit: String, evidence: Evidence, baseline: String? = nil, ratio: LocationEstimate? = nil,
    traits: [Trait: String] = [:]
  ) {
    self.key = key
    self.unit = unit
    self.evidence = evidence
    self.baseline = baseline
    self.ratio = ratio
    self.traits = traits
  }
}

extension RecordedCase {
  /// The median of the blocks' medians, or that of the samples where a summary is all there is; nil without anything.
  var center: Double? {
    switch evidence {
    case .blocks(let series): series.center
    case .summary(let p50, _): p50
    case .none: nil
    }
  }

  var series: BlockSeries? {
    if case .blocks(let series) = evidence { series } else { nil }
  }

  /// Whether blocks of the same number were measured next to each other. The arms of a group share a baseline; where
  /// none was recorded, they share what the machine was like in each round.
  func sharesRounds(with other: RecordedCase) -> Bool {
    if baseline == other.key || other.baseline == key { return true }
    if let baseline, baseline == other.baseline { return true }
    guard let places = series?.places, let others = other.series?.places else { return false }
    let common = places.compactMap { round, place in others[round].map { (place.probes, $0.probes) } }
    return !common.isEmpty && common.allSatisfy { $0 == $1 && $0 != Probes() }
  }

  /// Its key with another backing in place of its own; nil where the key is not of our form.
  func key(ofBacking backing: String) -> String? {
    let own = CaseKey(key)
    return own.isOurs && own[.backing] != backing ? own.with(.backing, backing).text : nil
  }
}

/// A run as a comparison needs it.
public struct ComparedRun: Sendable {
  /// What may differ between runs as a whole and matters for a comparison of them. Seeds differ between any two runs.
  public enum Fact: String, CaseIterable, Sendable {
    case version = "version of gmembench"
    case plan
    case passes = "number of passes"
  }

  /// As the user named it.
  public var name: String
  /// Its own; nil where nothing was recorded.
  public var runID: String?
  /// Seconds since 1970; nil where that was not recorded.
  public var startedAt: Double?
  public let cases: [RecordedCase]
  /// Logarithms of the probes, in the order of `Probes.Kind`: the medians over its rounds.
  public var state: [Double?]
  public var facts: [Fact: String]
  /// It was cut short.
  public var isPartial: Bool
  private let index: [String: Int]

  public init(
    name: String, runID: String? = nil, startedAt: Double? = nil, cases: [RecordedCase],
    state: [Double?] = MachineState().center,
    facts: [Fact: String] = [:], isPartial: Bool = false
  ) {
    self.name = name
    self.runID = runID
    self.startedAt = startedAt
    self.cases = cases
    self.state = state
    self.facts = facts
    self.isPartial = isPartial
    index = Dictionary(cases.enumerated().map { ($1.key, $0) }) { first, _ in first }
  }

  subscript(key: String) -> RecordedCase? { index[key].map { cases[$0] } }

  /// Whether its blocks are from before there were passes.
  public var lacksPasses: Bool {
    let places = cases.lazy.compactMap(\.series?.places).flatMap(\.values)
    return !places.isEmpty && places.allSatisfy { $0.pass == nil }
  }
}
