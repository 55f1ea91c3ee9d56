// SPDX-License-Identifier: Apache-2.0
import Analysis
import GRDB

extension SeriesDatabase {
  /// What was acknowledged, in the order in which it was.
  public func acknowledgements() throws -> [Acknowledgement] { try read(Self.acknowledgements) }

  static func acknowledgements(_ db: Database) throws -> [Acknowledgement] {
    // A database of an older version that cannot be written to has no such table.
    guard try db.tableExists("acknowledgements") else { return [] }
    return try Row.fetchAll(db, sql: "SELECT * FROM acknowledgements ORDER BY id").compactMap { row in
      SeriesChange.Kind(rawValue: row["figure"]).map { kind in
        Acknowledgement(
          id: row["id"],
          series: Series(machineKey: row["machine_key"], key: row["case"], unit: row["unit"]), kind: kind,
          earliest: row["earliest"], latest: row["latest"], note: row["note"], madeAt: row["made_at"])
      }
    }
  }

  /// Keeps all of them or none.
  public func acknowledge(_ acknowledgements: [Acknowledgement]) throws {
    try write { db in
      for one in acknowledgements {
        try db.execute(
          sql: """
            INSERT INTO acknowledgements (id, machine_key, "case", unit, figure, earliest, latest, note, made_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            one.id, one.series.machineKey, one.series.key, one.series.unit, one.kind.rawValue, one.earliest,
            one.latest, one.note, one.madeAt,
          ])
      }
    }
  }

  /// - Returns: whether there was one of that number.
  public func withdraw(_ id: Int64) throws -> Bool {
    try write { db in
      try db.execute(sql: "DELETE FROM acknowledgements WHERE id = ?", arguments: [id])
      return db.changesCount > 0
    }
  }
}
