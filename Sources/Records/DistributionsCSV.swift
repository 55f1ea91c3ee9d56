// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// distributions.csv: one line a case that has a figure: quantiles of its pooled samples, and a histogram. It is small
/// enough for every run, where samples.csv grows by a line a page.
public enum DistributionsCSV {
  /// The quantiles, in ascending order. The names of their columns are those of summary.csv: `p99_9` is 0.999.
  public static let quantiles: [(name: String, share: Double)] = [
    ("p0_1", 0.001), ("p1", 0.01), ("p5", 0.05), ("p10", 0.1), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75),
    ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99_9", 0.999), ("p99_99", 0.9999),
  ]

  static let table: [ColumnFacts] =
    [
      facts("run_id", .text, "The run's name, as in summary.csv."),
      facts("case", .text, "The key of the case, as in summary.csv."),
      facts("unit", .text, "The unit of its values, as in summary.csv."),
      facts("samples", .whole, "Samples of the blocks that count, all pooled."),
    ]
    + quantiles.map { name, share in
      facts(
        name, .number, "The smallest sample that \(CSVText.text(100 * share)) % of them do not exceed.",
        unit: ColumnFacts.own)
    } + [
      facts(
        "histogram", .text,
        "LOW:HIGH:COUNT of each bin, with `;` between them, in ascending order: its least and greatest sample and how many "
          + "it has. A bin is 1/32 of a power of two wide. Bins without a sample are absent.",
        unit: ColumnFacts.own)
    ]

  /// Their names in their order.
  public static let columns: [String] = table.map(\.name)

  private static func facts(
    _ name: String, _ kind: ColumnFacts.Kind, _ meaning: String, unit: String = ""
  ) -> ColumnFacts {
    ColumnFacts(
      name: name, kind: kind, unit: unit, meaning: meaning, empty: ColumnFacts.never, since: SummaryCSV.schema
    )
  }

  /// The whole file.
  public static func bytes(of report: RunReport) -> [UInt8] {
    var text = CSVText()
    text.line(columns)
    for summary in report.summaries where summary.hasFigure {
      guard let values = summary.samples.quantiles(quantiles.map(\.share)) else { continue }
      text.field(report.context.runID)
      text.field(summary.measuredCase.key)
      text.field(summary.unit.rawValue)
      text.field(summary.samples.count)
      for value in values { text.field(value) }
      text.field(histogram(summary.samples.bins))
      text.endLine()
    }
    return text.bytes
  }

  private static func histogram(_ bins: [Distribution.Bin]) -> String {
    bins.map { "\(CSVText.text($0.low)):\(CSVText.text($0.high)):\($0.count)" }.joined(separator: ";")
  }
}

/// A line of distributions.csv.
public struct RecordedDistribution: Hashable, Sendable {
  /// The key of the case.
  public let key: String
  /// Of its values, as in summary.csv.
  public let unit: String
  public let samples: Int
  /// Values of `DistributionsCSV.quantiles`, in their order.
  public let quantiles: [Double]
  /// In ascending order; their counts add up to `samples`.
  public let bins: [Distribution.Bin]

  /// Samples that are no greater than `value`, as a share of all. Within a bin they are taken to be spread evenly.
  public func share(upTo value: Double) -> Double {
    var below = 0.0
    for bin in bins where bin.low <= value {
      let part = bin.high > bin.low ? min(1, (value - bin.low) / (bin.high - bin.low)) : 1
      below += part * Double(bin.count)
    }
    return below / Double(samples)
  }
}

extension DistributionsCSV {
  /// The lines of a file, in their order.
  ///
  /// - Throws: ``CSVFailure`` where a column is missing, a case is there twice, or a figure contradicts another one.
  public static func read(_ path: String) throws -> [RecordedDistribution] {
    try lines(of: CSVReader(path: path))
  }

  /// The lines of a file's bytes; `file` is only named in failures.
  static func lines(of bytes: [UInt8], file: String) throws(CSVFailure) -> [RecordedDistribution] {
    try lines(of: CSVReader(bytes: bytes, file: file))
  }

  private static func lines(of reader: consuming CSVReader) throws(CSVFailure) -> [RecordedDistribution] {
    var reader = reader
    try reader.require(columns, for: "not a distributions.csv")
    var lines: [RecordedDistribution] = []
    var keys: Set<String> = []
    while let row = try reader.next() {
      let line = try self.line(row)
      guard keys.insert(line.key).inserted else {
        throw row.failure("case", "'\(line.key)' for the second time")
      }
      lines.append(line)
    }
    return lines
  }

  private static func line(_ row: CSVRow) throws(CSVFailure) -> RecordedDistribution {
    let samples = try row.whole("samples")
    guard let samples, samples > 0 else { throw row.failure("samples", "samples is not a number above 0") }
    var values: [Double] = []
    for (name, _) in quantiles {
      guard let value = try row.number(name) else { throw row.failure(name, "\(name) is empty") }
      if let last = values.last, value < last {
        throw row.failure(name, "\(name) is less than the quantile before it")
      }
      values.append(value)
    }
    var bins: [Distribution.Bin] = []
    var missing = samples
    for text in row["histogram"].split(separator: ";", omittingEmptySubsequences: false) {
      guard let bin = bin(text), bin.low >= bins.last?.high ?? -.infinity else {
        throw row.failure("histogram", "'\(text)' is not LOW:HIGH:COUNT in ascending order")
      }
      bins.append(bin)
      // Counts of a damaged file may be as large as they fit.
      missing = bin.count > missing ? -1 : missing - bin.count
      if missing < 0 { break }
    }
    guard missing == 0 else {
      throw row.failure("histogram", "its counts do not add up to the \(samples) samples")
    }
    return RecordedDistribution(
      key: row["case"], unit: row["unit"], samples: samples, quantiles: values, bins: bins)
  }

  private static func bin(_ text: Substring) -> Distribution.Bin? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let low = Double(parts[0]), let high = Double(parts[1]),
      let count = Int(parts[2]), low.isFinite, high.isFinite, low <= high, count > 0
    else { return nil }
    return Distribution.Bin(low: low, high: high, count: count)
  }
}
