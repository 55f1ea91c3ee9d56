// SPDX-License-Identifier: Apache-2.0
import Model

extension RunJSON {
  /// What was measured on: the machine key, then the fingerprint's fields beside it. Neither a host's nor a user's name.
  @dynamicMemberLookup
  public struct MachineRecord: Hashable, Codable, Sendable {
    /// As the run wrote it: a later version may make another one of the same fingerprint.
    public var machineKey: String
    public var fingerprint: Fingerprint

    private enum CodingKeys: CodingKey { case machineKey }

    init(_ fingerprint: Fingerprint) {
      machineKey = fingerprint.machineKey
      self.fingerprint = fingerprint
    }

    public init(from decoder: any Decoder) throws {
      machineKey = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .machineKey)
      fingerprint = try Fingerprint(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
      try fingerprint.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(machineKey, forKey: .machineKey)
    }

    public subscript<Value>(dynamicMember path: WritableKeyPath<Fingerprint, Value>) -> Value {
      get { fingerprint[keyPath: path] }
      set { fingerprint[keyPath: path] = newValue }
    }
  }

  /// The figures of a case that a reader without a CSV parser wants; summary.csv has them all.
  public struct SummaryRecord: Hashable, Codable, Sendable {
    /// The case's key.
    public var key: String
    public var status: String
    public var reason: String?
    public var unit: String
    public var blocks: Int
    public var invalidBlocks: Int
    public var p50: Estimate
    public var p99: Number
    public var mean: Number
    /// Key of the case that ratio and shift are against.
    public var baseline: String?
    public var ratio: Estimate?
    public var shift: Estimate?
    /// How the flush reached the other CPUs, where one is due.
    public var mechanism: String?
    public var bystanders: BystanderRecord?

    enum CodingKeys: String, CodingKey {
      // `case` is a keyword.
      case key = "case"
      case status, reason, unit, blocks, invalidBlocks, p50, p99, mean, baseline, ratio, shift
      case mechanism, bystanders
    }

    init(_ summary: Summary) {
      let figures = SampleFigures(summary.samples)
      key = summary.measuredCase.key
      status = summary.status.rawValue
      reason = summary.reason
      unit = summary.unit.rawValue
      blocks = summary.blocks
      invalidBlocks = summary.invalidBlocks
      p50 = Estimate(figures?.p50, summary.medianInterval)
      p99 = Number(figures?.p99)
      mean = Number(summary.samples.mean)
      baseline = summary.baseline?.key
      ratio = summary.effect?.ratio.map(Estimate.init)
      shift = (summary.effect?.shift).map(Estimate.init)
      mechanism = summary.mechanism?.rawValue
      bystanders = summary.bystanders.flatMap { BystanderRecord($0, pages: summary.measuredCase.pages) }
    }
  }

  /// What the busy CPUs of a case say one by one; times in ns.
  public struct BystanderRecord: Hashable, Codable, Sendable {
    /// Time taken from one busy CPU in one block, per page.
    public var stolenP50: Number
    public var stolenP99: Number
    /// Length of an interruption.
    public var gapP50: Number
    public var gapP99: Number
    /// What a walk through the working set takes longer after an interruption.
    public var refill: Estimate?

    /// Nil where no CPU was busy.
    init?(_ figures: BystanderFigures, pages: Int) {
      guard figures.observations > 0 else { return nil }
      func perPage(_ p: Double) -> Number { Number(figures.stolen.quantile(p).map { $0 / Double(pages) }) }
      (stolenP50, stolenP99) = (perPage(0.5), perPage(0.99))
      (gapP50, gapP99) = (Number(figures.gaps.quantile(0.5)), Number(figures.gaps.quantile(0.99)))
      refill = figures.refill.map(Estimate.init)
    }
  }
}
