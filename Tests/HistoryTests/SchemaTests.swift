// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Records
import Testing

@testable import History

/// A migration that was released is frozen: what it makes is held against what was recorded before columns were a table.
@Suite struct SchemaTests {
  private let scratch = Scratch()

  private static var recorded: String {
    get throws {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden/schema.sql")
      return try String(contentsOf: file, encoding: .utf8)
    }
  }

  /// Everything in the database's own list of what there is.
  private static func schema(_ db: Database) throws -> String {
    try String.fetchAll(db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
      .map { $0 + ";\n" }.joined(separator: "\n")
  }

  @Test func theTablesAreThoseThatWereRecorded() throws {
    let database = try SeriesDatabase(scratch("h.sqlite"), for: .adding)
    #expect(try database.read(Self.schema) == Self.recorded)
  }

  /// A database of an older version, with a run in it as that version knew it.
  @Test(arguments: ["1", "2", "3"]) func anOlderDatabaseBecomesTheSame(version: String) throws {
    let path = scratch("h.sqlite")
    let old = try DatabaseQueue(path: path)
    try old.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA application_id = \(DatabaseFile.applicationID)")
      try db.execute(sql: "PRAGMA journal_mode = WAL")
    }
    try Migrations.migrator.migrate(old, upTo: version)
    let series = MadeRun().series()
    try old.write { db in
      try db.execute(
        sql: """
          INSERT INTO runs (run_id, machine_key, started_at, kernel_release, source, context)
          VALUES ('night-0', ?, '2025-12-31T02:00:00Z', '6.17.0', 'a', '{"state": {"interrupt_ns": 9000.5}}')
          """, arguments: [series.machineKey])
      try db.execute(
        sql: "INSERT INTO series (machine_key, \"case\", unit) VALUES (?, ?, ?)",
        arguments: [series.machineKey, series.key, series.unit])
      try db.execute(
        sql: """
          INSERT INTO summaries (series, run, status, blocks, p50) VALUES (1, 1, 'ok', 1, 99);
          INSERT INTO blocks (summary, block, round, status, samples, median) VALUES (1, 0, 1, 'ok', 1, 99);
          """)
    }
    try old.close()
    try MadeRun().write(scratch("a"))
    let database = try SeriesDatabase(path, for: .adding)
    try database.add(folder: scratch("a"))
    #expect(try database.read(Self.schema) == Self.recorded)
    let points = try database.points(of: series)
    #expect(points.map(\.runID) == ["night-0", "night-1"])
    #expect(points.map(\.value?.value) == [99, 101] && points[0].adjusted == nil)
    #expect(try database.read { try Double.fetchOne($0, sql: "SELECT interrupt_ns FROM runs") } == 9000.5)
  }

  /// What the database keeps of the files, by the names that the files have: a column that is in both is kept, so that
  /// none is lost that a migration meant to keep.
  @Test func everyColumnOfTheTablesIsOneOfTheFiles() throws {
    let database = try SeriesDatabase(scratch("h.sqlite"), for: .adding)
    try database.read { db in
      let columns = try StoredColumns(db)
      let own: Set = ["id", "series", "run", "summary"]
      for (table, kept) in [
        "summaries": columns.figures.map(\.name), "blocks": columns.block.map(\.facts.name),
      ] {
        let all = try db.columns(in: table).map(\.name).filter { !own.contains($0) }
        #expect(Set(all) == Set(kept) && all.count == kept.count, "\(table)")
      }
    }
  }
}
