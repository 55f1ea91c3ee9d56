// SPDX-License-Identifier: Apache-2.0
import GRDB
import Records

/// A row of summary.csv and its blocks as they stand in the tables.
struct StoredRow {
  let fields: CSVRow
  /// Case and unit.
  let identity: [DatabaseValue]
  /// Of ``StoredColumns/figures``.
  let figures: [DatabaseValue]
  /// Of ``StoredColumns/block``, by number.
  let blocks: [[DatabaseValue]]

  /// - Throws: `CSVFailure` where a figure is no number.
  init(_ row: RecordedRun.Row, _ columns: StoredColumns) throws {
    fields = row.fields
    identity = [row.fields["case"].databaseValue, row.fields["unit"].databaseValue]
    figures = try columns.figures.map { try row.fields.value(of: $0)?.databaseValue ?? .null }
    blocks = row.blocks.sorted { $0.number < $1.number }.map { block in
      columns.block.map { $0.value(in: block)?.databaseValue ?? .null }
    }
  }

  /// NULL where the field is empty.
  static func text(_ field: String) -> DatabaseValue { field.isEmpty ? .null : field.databaseValue }
}

/// A run that is in the database.
struct StoredRun {
  let source: String
  private let id: Int64
  private let startedAt: String
  private let context: String?

  static func find(_ run: RecordedRun, in db: Database) throws -> StoredRun? {
    try Row.fetchOne(
      db, sql: "SELECT id, source, started_at, context FROM runs WHERE machine_key = ? AND run_id = ?",
      arguments: [run.machineKey, run.runID]
    ).map { row in
      StoredRun(source: row["source"], id: row["id"], startedAt: row["started_at"], context: row["context"])
    }
  }

  /// Whether the run is there with this content, figure for figure.
  func holds(context: String?, rows: [StoredRow], _ columns: StoredColumns, in db: Database) throws -> Bool {
    guard context == self.context, rows.first?.fields["started_at"] == startedAt else { return false }
    let figures = columns.figures.map { "summaries.\($0.name)" }.joined(separator: ", ")
    let block = columns.block.map(\.facts.name).joined(separator: ", ")
    let stored = try Row.fetchAll(
      db,
      sql: """
        SELECT summaries.id, "case", unit, \(figures)
        FROM summaries JOIN series ON series.id = series WHERE run = ? ORDER BY summaries.id
        """, arguments: [id])
    guard stored.count == rows.count else { return false }
    for (stored, row) in zip(stored, rows) {
      let values = Array(stored.databaseValues)
      guard Array(values.dropFirst()) == row.identity + row.figures else { return false }
      let blocks = try Row.fetchAll(
        db,
        sql: "SELECT \(block) FROM blocks WHERE summary = ? ORDER BY block",
        arguments: [values[0]])
      guard blocks.map({ Array($0.databaseValues) }) == row.blocks else { return false }
    }
    return true
  }
}
