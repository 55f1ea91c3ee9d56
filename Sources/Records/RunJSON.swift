// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Model
import Statistics

/// run.json: what a run was, so that its figures can be judged and repeated. Keys are in snake case and sorted; a
/// number that is infinite or not a number is null, and what is absent is left out.
public struct RunJSON: Hashable, Codable, Sendable {
  /// gmembench's version.
  public var version: String
  /// The schema of the files beside it.
  public var schema: Int
  public var runId: String
  /// UTC, ISO 8601.
  public var startedAt: String
  /// `partial` until the plan is carried out, then `complete`.
  public var status: String
  public var elapsedSeconds: Double
  public var plan: String
  public var seed: UInt64
  /// Relative half-width asked for.
  public var precision: Double
  public var budgetSeconds: Double
  public var clock: Clock
  public var measuringCpu: Int
  /// In the kernel's list notation, as is `onlineCpus`.
  public var heldCpus: String
  public var onlineCpus: String
  public var pages: Int
  public var pageBytes: Int
  public var machine: MachineRecord
  public var warnings: [Warning]
  public var timingOverhead: Overhead?
  /// Nil before the first round, and in runs of older versions.
  public var state: State?
  public var summaries: [SummaryRecord]

  /// The run as far as it has come.
  public init(_ report: RunReport) {
    let context = report.context
    version = context.version
    schema = SummaryCSV.schema
    runId = context.runID
    startedAt = context.startedAt
    status = report.isComplete ? "complete" : "partial"
    elapsedSeconds = report.elapsed
    plan = context.planName
    seed = context.seed
    precision = context.precision
    budgetSeconds = context.budget
    clock = Clock(context.clock)
    measuringCpu = context.measuringCPU
    heldCpus = context.heldCPUs.description
    onlineCpus = context.onlineCPUs.description
    pages = context.pages
    pageBytes = context.pageBytes
    machine = MachineRecord(context.fingerprint)
    warnings = report.warnings.map(Warning.init)
    timingOverhead = report.timingOverhead.map(Overhead.init)
    state = State(report.state)
    summaries = report.summaries.map(SummaryRecord.init)
  }

  /// The file's text, a final line feed included.
  public func bytes() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try [UInt8](encoder.encode(self)) + [UInt8(ascii: "\n")]
  }

  /// Reads what `bytes()` wrote.
  public init(bytes: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(RunJSON.self, from: Data(bytes))
  }
}

extension RunJSON {
  /// A number that JSON may not be able to hold: null where it is not finite or not there.
  public struct Number: Hashable, Codable, Sendable {
    public var value: Double?

    public init(_ value: Double?) { self.value = value?.isFinite == true ? value : nil }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      value = container.decodeNil() ? nil : try container.decode(Double.self)
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      if let value { try container.encode(value) } else { try container.encodeNil() }
    }
  }

  /// A figure and its 95 % interval; a bound that is infinite is null.
  public struct Estimate: Hashable, Codable, Sendable {
    public var value: Number
    public var low: Number
    public var high: Number

    init(_ value: Double?, _ interval: Interval?) {
      self.value = Number(value)
      low = Number(interval?.low)
      high = Number(interval?.high)
    }

    init(_ estimate: LocationEstimate) { self.init(estimate.value, estimate.interval) }
  }

  /// The clock and what it costs; overheads in ns, already subtracted from the values.
  public struct Clock: Hashable, Codable, Sendable {
    public var name: String
    /// Nil in older runs, which did not record it.
    public var reason: String?
    public var ticksPerNanosecond: Number
    public var callOverhead: Number
    public var pageOverhead: Number

    init(_ clock: ClockDescription) {
      name = clock.name
      reason = clock.reason
      ticksPerNanosecond = Number(clock.ticksPerNanosecond)
      callOverhead = Number(clock.callOverhead)
      pageOverhead = Number(clock.pageOverhead)
    }
  }

  /// What the probes said of the machine, ns: the medians over the run's rounds, at which adjusted ratios are stated.
  public struct State: Hashable, Codable, Sendable {
    public var interruptNs: Double?
    public var instructionsNs: Double?
    public var memoryNs: Double?

    /// - Parameter logarithms: in the order of `Probes.Kind`.
    init?(_ logarithms: [Double?]) {
      func time(_ kind: Probes.Kind) -> Double? {
        logarithms.indices.contains(kind.rawValue) ? logarithms[kind.rawValue].map { exp($0) } : nil
      }
      (interruptNs, instructionsNs, memoryNs) = (time(.interrupt), time(.instructions), time(.memory))
      if probes == Probes() { return nil }
    }

    /// The same as a round's probes.
    public var probes: Probes {
      Probes(interrupt: interruptNs, instructions: instructionsNs, memory: memoryNs)
    }
  }

  /// What a reader of the figures must know.
  public struct Warning: Hashable, Codable, Sendable {
    /// `note`, `warning` or `problem`.
    public var severity: String
    public var what: String
    public var remedy: String?

    init(_ finding: Finding) {
      severity = finding.severity.word
      what = finding.what
      remedy = finding.remedy
    }
  }

  /// What timing itself adds to a page, ns and relative.
  public struct Overhead: Hashable, Codable, Sendable {
    public var backing: String
    public var perPage: Number
    public var whole: Number
    public var unfenced: Number
    public var relative: Estimate
    public var blocks: Int

    init(_ overhead: TimingOverhead) {
      backing = overhead.backing
      perPage = Number(overhead.perPage)
      whole = Number(overhead.whole)
      unfenced = Number(overhead.unfenced)
      relative = Estimate(
        overhead.relative, Interval(low: overhead.relativeLow, high: overhead.relativeHigh))
      blocks = overhead.blocks
    }
  }
}

extension Finding.Severity {
  /// The word in files and reports.
  public var word: String {
    switch self {
    case .note: "note"
    case .unknown: "unknown"
    case .warning: "warning"
    case .problem: "problem"
    }
  }
}
