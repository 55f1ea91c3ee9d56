// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The tables, as README.md beside this file documents them. A migration is never changed once it was released.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in try db.execute(sql: first) }
    migrator.registerMigration("2") { db in try db.execute(sql: second) }
    return migrator
  }

  /// Columns of `summaries` that are text in summary.csv, whole numbers, and numbers.
  static let texts = [
    "abi", "guest_memfd_flags", "placement", "direct_map", "flush", "method", "status", "reason", "baseline",
  ]
  static let counts = [
    "page_bytes", "blocks", "samples", "outliers_mild", "outliers_severe", "level2_splits", "level3_splits",
    "cal_interrupts", "tlb_interrupts", "pf_taken", "context_switches", "migrations",
  ]
  static let numbers = [
    "mean", "stddev", "min", "p50", "p50_low", "p50_high", "p90", "p99", "p99_9", "max", "mad", "ratio",
    "ratio_low", "ratio_high", "shift", "shift_low", "shift_high",
  ]
  static let figures = texts + counts + numbers
  static let block = ["block", "round", "status", "samples", "median", "mean", "min", "max"]

  private static func column(_ name: String, _ path: String) -> String {
    "\(name) TEXT GENERATED ALWAYS AS (json_extract(context, '$.\(path)')) VIRTUAL"
  }

  private static let first = """
    CREATE TABLE runs (
      id INTEGER PRIMARY KEY,
      run_id TEXT NOT NULL,
      machine_key TEXT NOT NULL,
      started_at TEXT NOT NULL,
      kernel_release TEXT NOT NULL,
      status TEXT,
      source TEXT NOT NULL,
      context TEXT,
      \(column("version", "version")),
      \(column("plan", "plan")),
      \(column("clock", "clock.name")),
      \(column("kernel_version", "machine.kernel_version")),
      \(column("microcode", "machine.microcode")),
      \(column("command_line", "machine.command_line")),
      \(column("governor", "machine.governor")),
      \(column("turbo", "machine.turbo")),
      \(column("smt", "machine.smt")),
      \(column("transparent_huge_pages", "machine.transparent_huge_pages")),
      UNIQUE (machine_key, run_id)
    );
    CREATE INDEX runs_in_time ON runs (machine_key, started_at);
    CREATE TABLE series (
      id INTEGER PRIMARY KEY,
      machine_key TEXT NOT NULL,
      "case" TEXT NOT NULL,
      unit TEXT NOT NULL,
      benchmark TEXT,
      operation TEXT,
      backing TEXT,
      UNIQUE (machine_key, "case", unit)
    );
    CREATE TABLE summaries (
      id INTEGER PRIMARY KEY,
      series INTEGER NOT NULL REFERENCES series,
      run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
      \(texts.map { "\($0) TEXT" }.joined(separator: ",\n  ")),
      \(counts.map { "\($0) INTEGER" }.joined(separator: ",\n  ")),
      \(numbers.map { "\($0) REAL" }.joined(separator: ",\n  ")),
      UNIQUE (series, run)
    );
    CREATE INDEX summaries_of_run ON summaries (run);
    CREATE TABLE blocks (
      summary INTEGER NOT NULL REFERENCES summaries ON DELETE CASCADE,
      block INTEGER NOT NULL,
      round INTEGER NOT NULL,
      status TEXT NOT NULL,
      samples INTEGER NOT NULL,
      median REAL,
      mean REAL,
      min REAL,
      max REAL,
      PRIMARY KEY (summary, block)
    ) WITHOUT ROWID;
    CREATE VIEW points AS
      SELECT series.machine_key, series."case", series.unit, series.benchmark, series.operation, series.backing,
        runs.run_id, runs.started_at, runs.status AS run_status, runs.kernel_release, runs.microcode,
        summaries.*
      FROM summaries JOIN series ON series.id = summaries.series JOIN runs ON runs.id = summaries.run;
    """

  private static let second = """
    CREATE TABLE acknowledgements (
      id INTEGER PRIMARY KEY,
      machine_key TEXT NOT NULL,
      "case" TEXT NOT NULL,
      unit TEXT NOT NULL,
      figure TEXT NOT NULL,
      earliest TEXT NOT NULL,
      latest TEXT NOT NULL,
      note TEXT NOT NULL,
      made_at TEXT NOT NULL
    );
    """
}
