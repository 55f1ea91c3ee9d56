// SPDX-License-Identifier: Apache-2.0
import Model
import Records

/// A run as charts and the HTML report show it: what its folder or its summary says, as values.
public struct ChartRun: Sendable {
  /// As the user named it.
  public var name: String
  public var runID: String
  /// What run.json says; nil without one.
  public var context: RunJSON?
  /// What a reader of the figures has to know of the files.
  public var findings: [Finding]
  /// One a case, in the order of the summary.
  public var rows: [ChartRow]

  public init(
    name: String, runID: String = "", context: RunJSON? = nil, findings: [Finding] = [], rows: [ChartRow]
  ) {
    self.name = name
    self.runID = runID
    self.context = context
    self.findings = findings
    self.rows = rows
  }

  /// Takes what was read of a run's folder, each of its blocks among it, or of a summary alone.
  ///
  /// - Throws: ``CSVFailure`` where a figure is no number, `SinkFailure` where there is no summary.
  public init(_ recording: Recording) throws {
    guard [.folder, .summary].contains(recording.form) else {
      throw SinkFailure("\(recording.path): no summary; name a run's folder or its summary.csv")
    }
    let distributions = try recording.distributions()
    self.init(
      name: recording.path, runID: recording.runID ?? "", context: recording.context,
      findings: recording.findings,
      rows: try recording.rows.map { recorded in
        var row = try ChartRow(recorded)
        if let distribution = distributions[recorded.key] { row.take(distribution) }
        return row
      })
  }

  /// The same run with those cases alone whose benchmark, operation or `benchmark/operation` is named; all where none is.
  ///
  /// - Throws: ``UnknownOperation`` where a name fits no case.
  public func only(_ names: [String]) throws(UnknownOperation) -> ChartRun {
    guard !names.isEmpty else { return self }
    for name in names where !rows.contains(where: { $0.isNamed(name) }) {
      throw UnknownOperation(name: name, known: rows.map { "\($0.benchmark)/\($0.operation)" })
    }
    var run = self
    run.rows = rows.filter { row in names.contains(where: row.isNamed) }
    return run
  }
}

/// An operation was asked for that the run does not have.
public struct UnknownOperation: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(name: String, known: [String]) {
    let known = known.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    description =
      known.isEmpty
      ? "no operation '\(name)': the run has no case"
      : "no operation '\(name)' in this run; there are: \(known.map(XMLText.plain).joined(separator: ", "))"
  }
}

extension ChartRow {
  fileprivate func isNamed(_ name: String) -> Bool {
    [benchmark, operation, "\(benchmark)/\(operation)"].contains(name)
  }
}

/// A figure with the bounds of its 95 % interval; nil where a bound is infinite or unknown.
public struct ChartEstimate: Hashable, Sendable {
  public var value: Double
  public var low: Double?
  public var high: Double?

  public init(_ value: Double, low: Double? = nil, high: Double? = nil) {
    self.value = value
    self.low = low
    self.high = high
  }
}

/// A point of a distribution: the share of values, 0 to 1, that do not exceed a value.
public struct ChartQuantile: Hashable, Sendable {
  public var probability: Double
  public var value: Double

  public init(_ probability: Double, _ value: Double) {
    self.probability = probability
    self.value = value
  }
}

/// A block that counts.
public struct ChartBlock: Hashable, Sendable {
  /// Seconds from the start of the run; nil where that was not recorded.
  public var started: Double?
  /// What stands later was measured later.
  public var order: Int
  /// From 1; nil where the run had none.
  public var pass: Int?
  public var median: Double

  public init(started: Double?, order: Int, pass: Int?, median: Double) {
    self.started = started
    self.order = order
    self.pass = pass
    self.median = median
  }
}

/// A row of the summary, and its blocks.
public struct ChartRow: Sendable {
  public var key: CaseKey
  public var benchmark: String
  public var operation: String
  public var backing: String
  public var unit: String
  public var status: String
  public var reason: String
  /// Key of the case that the ratio is against; empty for a baseline.
  public var baseline: String
  public var p50: ChartEstimate?
  public var mean: Double?
  /// Ascending; empty where the samples left none.
  public var quantiles: [ChartQuantile]
  /// The adjusted one where there is one, as in the table of a run.
  public var ratio: ChartEstimate?
  public var shift: ChartEstimate?
  public var isAdjusted: Bool
  /// Those that count, in the order of time.
  public var blocks: [ChartBlock]
  /// Blocks that are no result: warm-ups, and invalid ones.
  public var warmUps: Int
  public var invalid: Int
  public var pageBytes: Int?
  /// All columns of the summary, in their order.
  public var fields: [String]

  /// A row without figures.
  public init(key: String, benchmark: String, operation: String, backing: String, unit: String = "ns") {
    self.key = CaseKey(key)
    (self.benchmark, self.operation, self.backing, self.unit) = (benchmark, operation, backing, unit)
    (status, reason, baseline) = ("", "", "")
    (quantiles, blocks, fields) = ([], [], [])
    (isAdjusted, warmUps, invalid) = (false, 0, 0)
  }

  init(_ row: RecordedRun.Row) throws(CSVFailure) {
    let fields = row.fields
    self.init(
      key: row.key, benchmark: fields["benchmark"], operation: fields["operation"],
      backing: fields["backing"], unit: fields["unit"])
    (status, reason, baseline) = (fields["status"], fields["reason"], fields["baseline"])
    self.fields = SummaryCSV.columns.map { fields[$0] }
    pageBytes = Int(fields["page_bytes"])
    p50 = try Self.estimate(fields, "p50")
    mean = try fields.number("mean")
    let adjusted = try Self.estimate(fields, "adjusted_ratio")
    let raw = try Self.estimate(fields, "ratio")
    ratio = adjusted ?? raw
    shift = try Self.estimate(fields, adjusted == nil ? "shift" : "adjusted_shift")
    isAdjusted = adjusted != nil
    for (column, probability) in Self.quantileColumns {
      if let value = try fields.number(column) { quantiles.append(ChartQuantile(probability, value)) }
    }
    take(row.blocks)
  }

  private static let quantileColumns = [
    ("min", 0), ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999), ("max", 1),
  ]

  private static func estimate(_ fields: CSVRow, _ column: String) throws(CSVFailure) -> ChartEstimate? {
    guard let value = try fields.number(column) else { return nil }
    return ChartEstimate(
      value, low: try fields.number("\(column)_low"), high: try fields.number("\(column)_high"))
  }

  /// The quantiles, and the share of the samples up to the end of each bin: both are exact, and the smallest value with
  /// a share cannot contradict the share up to a value.
  fileprivate mutating func take(_ distribution: RecordedDistribution) {
    guard let first = distribution.bins.first, distribution.samples > 0 else { return }
    var points = zip(DistributionsCSV.quantiles, distribution.quantiles).map { quantile, value in
      ChartQuantile(quantile.share, value)
    }
    var count = 0
    for bin in distribution.bins {
      count += bin.count
      points.append(ChartQuantile(Double(count) / Double(distribution.samples), bin.high))
    }
    points.sort { ($0.value, $0.probability) < ($1.value, $1.probability) }
    quantiles = [ChartQuantile(0, first.low)] + points
  }

  private mutating func take(_ recorded: [RecordedBlock]) {
    for block in recorded {
      guard block.isResult else {
        if block.isWarmUp { warmUps += 1 } else { invalid += 1 }
        continue
      }
      guard let median = block.digest.median, median.isFinite else { continue }
      blocks.append(
        ChartBlock(started: block.started, order: block.line, pass: block.place.pass, median: median))
    }
    blocks.sort { $0.order < $1.order }
  }
}

extension ChartRow {
  /// Whether there is a figure to show.
  var hasFigure: Bool { p50 != nil }

  /// CPU time of others, not the caller's own.
  var isStolen: Bool { benchmark == "tlb-flush" && operation == "bystander" }

  /// `fault-in touch`.
  var title: String { [benchmark, operation].filter { !$0.isEmpty }.joined(separator: " ") }

  /// The backing as reports call it; the whole key where it is none of ours.
  var backingLabel: String {
    guard !backing.isEmpty else { return XMLText.plain(key.text) }
    return Backing(rawValue: backing)?.label ?? XMLText.plain(backing)
  }

  /// The steps of its distribution: the samples' where those are known, else its blocks' medians.
  var distribution: (points: [ChartQuantile], isOfBlocks: Bool) {
    if quantiles.count > 3 || blocks.isEmpty { return (quantiles, false) }
    let medians = blocks.map(\.median).sorted()
    // More steps than a chart has pixels say nothing more.
    let steps = min(medians.count, 400)
    let points = (1...steps).map { step in
      let count = (step * medians.count + steps - 1) / steps
      return ChartQuantile(Double(count) / Double(medians.count), medians[count - 1])
    }
    return ([ChartQuantile(0, medians[0])] + points, true)
  }
}
