// SPDX-License-Identifier: Apache-2.0
import GRDB
import Records

/// The columns of a run's files that the database keeps: those that its tables have, under the names that they have in
/// the files. So a new column of a file is kept from the migration on that adds it here, and left out before.
struct StoredColumns {
  /// Of summary.csv, in the table `summaries`.
  let figures: [ColumnFacts]
  /// Of blocks.csv, in the table `blocks`.
  let block: [BlockColumn]

  init(_ db: Database) throws {
    let inSummaries = try Set(db.columns(in: "summaries").map(\.name))
    let inBlocks = try Set(db.columns(in: "blocks").map(\.name))
    figures = SummaryCSV.table.map(\.facts).filter { inSummaries.contains($0.name) }
    block = BlocksCSV.table.filter { $0.isRead && inBlocks.contains($0.facts.name) }
  }
}

extension ColumnValue {
  var databaseValue: DatabaseValue {
    switch self {
    case .text(let text): text.databaseValue
    case .whole(let number): number.databaseValue
    case .number(let number): number.databaseValue
    }
  }
}
