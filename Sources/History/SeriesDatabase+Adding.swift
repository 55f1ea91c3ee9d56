// SPDX-License-Identifier: Apache-2.0
import Analysis
import GRDB
import Model
import Records

extension SeriesDatabase {
  /// What came of a run.
  public struct Added: Sendable, CustomStringConvertible {
    public var runID: String
    public var path: String
    /// Whether the run is there only now; else it was there with the same content.
    public var isNew: Bool
    public var isPartial: Bool
    public var cases = 0
    public var blocks = 0
    /// Series that start with this run, and whether all of its machine's do.
    public var newSeries: [Series] = []
    public var isNewMachine = false

    public var description: String {
      guard isNew else { return "\(path): run \(runID) is in the database already" }
      var text =
        "\(path): run \(runID)\(isPartial ? " (partial)" : "") added, \(cases) cases, \(blocks) blocks"
      guard let first = newSeries.first else { return text }
      text += "; \(newSeries.count) new series"
      if isNewMachine {
        text += ": \(first.machineKey) is a new machine key"
      } else if newSeries.count <= 3 {
        text += ": " + newSeries.map { "\($0.key) in \($0.unit)" }.joined(separator: ", ")
      }
      return text
    }
  }

  /// Puts a run in, whole or not at all.
  ///
  /// - Parameter isLatest: refuse a run that was over a day before the newest one of its machine began: its clock went
  ///   backwards, or it is an old run.
  /// - Throws: ``HistoryFailure``; `CSVFailure` where a figure is no number.
  public func add(_ run: RecordedRun, isLatest: Bool) throws -> Added {
    let columns = try read(StoredColumns.init)
    let rows = try run.rows.map { try StoredRow($0, columns) }
    let context = try run.context.map(Self.text)
    let source = DatabaseFile.target(run.path)
    return try write { db in
      var added = Added(
        runID: run.runID, path: run.path, isNew: true, isPartial: run.status == CaseStatus.partial.rawValue)
      if let stored = try StoredRun.find(run, in: db) {
        guard try stored.holds(context: context, rows: rows, columns, in: db) else {
          throw HistoryFailure(
            "\(run.path): run '\(run.runID)' is in \(path) with other content, from \(stored.source); one of the two was "
              + "changed: if the database is wrong, gmembench history rebuild DIR --database \(path) makes it again"
          )
        }
        added.isNew = false
        return added
      }
      if isLatest { try refuseOlder(run, in: db) }
      added.isNewMachine =
        try Int.fetchOne(db, sql: "SELECT 1 FROM runs WHERE machine_key = ?", arguments: [run.machineKey])
        == nil
      try insert(run, context: context, source: source, rows, columns, &added, in: db)
      return added
    }
  }

  /// run.json without the figures, which summary.csv has all of.
  private static func text(_ context: RunJSON) throws -> String {
    var context = context
    context.summaries = []
    return String(decoding: try context.bytes(), as: UTF8.self)
  }

  private func refuseOlder(_ run: RecordedRun, in db: Database) throws {
    let seconds = (run.context?.elapsedSeconds ?? 0) + 86_400
    let newest = try Row.fetchOne(
      db,
      sql: """
        SELECT run_id, started_at FROM runs WHERE machine_key = ? AND started_at > strftime('%Y-%m-%dT%H:%M:%SZ', ?, ?)
        ORDER BY started_at DESC LIMIT 1
        """, arguments: [run.machineKey, run.startedAt, "+\(Int(seconds)) seconds"])
    guard let newest else { return }
    throw HistoryFailure(
      "\(run.path): started \(run.startedAt), over a day before run '\(newest["run_id"] as String)' of "
        + "\(newest["started_at"] as String) on the same machine key: if it is an old run, use gmembench history import; "
        + "else the clock went backwards: measure again, or correct started_at in the run's files")
  }

  private func insert(
    _ run: RecordedRun, context: String?, source: String, _ rows: [StoredRow], _ columns: StoredColumns,
    _ added: inout Added, in db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO runs (run_id, machine_key, started_at, kernel_release, status, source, context)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run.runID, run.machineKey, run.startedAt, run.kernelRelease, run.status.isEmpty ? nil : run.status,
        source,
        context,
      ])
    let runRow = db.lastInsertedRowID
    let summary = try db.cachedStatement(
      sql: Self.insertion("summaries", ["series", "run"] + columns.figures.map(\.name)))
    let block = try db.cachedStatement(
      sql: Self.insertion("blocks", ["summary"] + columns.block.map(\.facts.name)))
    for row in rows {
      let series = try self.series(of: row, on: run.machineKey, &added, in: db)
      try summary.execute(
        arguments: StatementArguments([series.databaseValue, runRow.databaseValue] + row.figures))
      let summaryRow = db.lastInsertedRowID.databaseValue
      for values in row.blocks { try block.execute(arguments: StatementArguments([summaryRow] + values)) }
      added.cases += 1
      added.blocks += row.blocks.count
    }
  }

  private static func insertion(_ table: String, _ columns: [String]) -> String {
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
  }

  /// The row of the case's series, made where it is the first of it.
  private func series(of row: StoredRow, on machineKey: String, _ added: inout Added, in db: Database) throws
    -> Int64
  {
    let key = [machineKey.databaseValue] + row.identity
    let find = try db.cachedStatement(
      sql: "SELECT id FROM series WHERE machine_key = ? AND \"case\" = ? AND unit = ?")
    if let id = try Int64.fetchOne(find, arguments: StatementArguments(key)) { return id }
    let fields = row.fields
    added.newSeries.append(Series(machineKey: machineKey, key: fields["case"], unit: fields["unit"]))
    try db.execute(
      sql: Self.insertion(
        "series", ["machine_key", "\"case\"", "unit", "benchmark", "operation", "backing"]),
      arguments: StatementArguments(
        key + ["benchmark", "operation", "backing"].map { StoredRow.text(fields[$0]) }))
    return db.lastInsertedRowID
  }
}
