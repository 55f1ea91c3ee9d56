// SPDX-License-Identifier: Apache-2.0
import Model

/// summary.csv: one row a case. Files of older schemas, which have fewer columns, can be read.
public enum SummaryCSV {
  /// The version of the columns and their meanings.
  public static let schema = 3

  /// The columns' names in their order.
  public static let columns: [String] = table.map(\.facts.name)

  /// The whole file.
  public static func bytes(of report: RunReport) -> [UInt8] {
    file(report.summaries.map { SummaryLine($0, of: report.context) }) { line, column in
      switch column.field {
      case .context(let text): text(line)
      case .figure(let text): text(line.figures)
      }
    }
  }

  /// The whole file, its figures recomputed; what else it says is what was recorded.
  public static func bytes(of rows: [RecomputedRow]) -> [UInt8] {
    file(rows) { row, column in
      switch column.field {
      case .context: row.texts[column.facts.name] ?? ""
      case .figure(let text): text(row.figures)
      }
    }
  }

  /// Writes recomputed rows, a file as a whole or not at all.
  public static func write(_ rows: [RecomputedRow], to destination: Destination) throws(SinkFailure) {
    try destination.write(bytes(of: rows))
  }

  private static func file<Row>(_ rows: [Row], field: (Row, SummaryColumn) -> String) -> [UInt8] {
    var text = CSVText()
    text.line(columns)
    for row in rows {
      for column in table { text.field(field(row, column)) }
      text.endLine()
    }
    return text.bytes
  }

  /// The rows of a file, which must be of one of the schemas: no column missing, none unknown, in any order.
  public static func read(_ path: String) throws -> [CSVRow] {
    try rows(of: CSVReader(path: path))
  }

  /// The rows of a file's bytes; `file` is only named in failures.
  public static func rows(of bytes: [UInt8], file: String) throws(CSVFailure) -> [CSVRow] {
    try rows(of: CSVReader(bytes: bytes, file: file))
  }

  /// The rows of a file whose header was read.
  static func rows(of reader: consuming CSVReader) throws(CSVFailure) -> [CSVRow] {
    var reader = reader
    let schemas = (1...schema).map(String.init)
    let form = "not a summary of schema \(schemas.joined(separator: " or "))"
    let facts = table.map(\.facts)
    let header = Set(reader.header)
    let newest = facts.filter { header.contains($0.name) }.map(\.since).max() ?? 1
    try reader.require(facts.filter { $0.since <= newest }.map(\.name), for: form)
    if let extra = reader.header.first(where: { !columns.contains($0) }) {
      throw CSVFailure(
        file: reader.file, line: 1, column: 1, message: "\(form): the column '\(extra)' is unknown")
    }
    let rows = try reader.rows()
    for row in rows where row["schema"] != "\(newest)" {
      throw row.failure(
        "schema",
        "schema \(row["schema"]) with the columns of \(newest); this version of gmembench reads "
          + schemas.joined(separator: " and "))
    }
    return rows
  }
}
