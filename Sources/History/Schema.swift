// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The tables, as README.md beside this file documents them. A migration is never changed once it was released.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in try db.execute(sql: first) }
    migrator.registerMigration("2") { db in try db.execute(sql: second) }
    migrator.registerMigration("3") { db in try db.execute(sql: third) }
    migrator.registerMigration("4") { db in try db.execute(sql: fourth) }
    return migrator
  }

  /// Columns of `summaries` that are text in summary.csv, whole numbers, and numbers.
  static let texts = [
    "abi", "guest_memfd_flags", "placement", "direct_map", "flush", "method", "status", "reason", "baseline",
    "state", "levels",
  ]
  static let counts = [
    "page_bytes", "blocks", "samples", "outliers_mild", "outliers_severe", "level2_splits", "level3_splits",
    "cal_interrupts", "tlb_interrupts", "pf_taken", "context_switches", "migrations", "passes",
  ]
  static let numbers = [
    "mean", "stddev", "min", "p50", "p50_low", "p50_high", "p90", "p99", "p99_9", "max", "mad", "ratio",
    "ratio_low", "ratio_high", "shift", "shift_low", "shift_high", "between_share", "adjusted_ratio",
    "adjusted_ratio_low", "adjusted_ratio_high", "adjusted_shift", "adjusted_shift_low",
    "adjusted_shift_high",
    "interrupt_slope", "instructions_slope", "memory_slope",
  ]
  static let figures = texts + counts + numbers
  static let block = ["block", "round", "status", "samples", "median", "mean", "min", "max", "pass"]

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
      abi TEXT, guest_memfd_flags TEXT, placement TEXT, direct_map TEXT, flush TEXT,
      method TEXT, status TEXT, reason TEXT, baseline TEXT,
      page_bytes INTEGER, blocks INTEGER, samples INTEGER, outliers_mild INTEGER, outliers_severe INTEGER,
      level2_splits INTEGER, level3_splits INTEGER, cal_interrupts INTEGER, tlb_interrupts INTEGER, pf_taken INTEGER, context_switches INTEGER, migrations INTEGER,
      mean REAL, stddev REAL, min REAL, p50 REAL, p50_low REAL, p50_high REAL, p90 REAL, p99 REAL, p99_9 REAL,
      max REAL, mad REAL, ratio REAL, ratio_low REAL, ratio_high REAL, shift REAL, shift_low REAL, shift_high REAL,
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

  private static let third = """
    ALTER TABLE summaries ADD COLUMN state TEXT;
    ALTER TABLE summaries ADD COLUMN levels TEXT;
    ALTER TABLE summaries ADD COLUMN passes INTEGER;
    ALTER TABLE summaries ADD COLUMN between_share REAL;
    ALTER TABLE summaries ADD COLUMN adjusted_ratio REAL;
    ALTER TABLE summaries ADD COLUMN adjusted_ratio_low REAL;
    ALTER TABLE summaries ADD COLUMN adjusted_ratio_high REAL;
    ALTER TABLE summaries ADD COLUMN adjusted_shift REAL;
    ALTER TABLE summaries ADD COLUMN adjusted_shift_low REAL;
    ALTER TABLE summaries ADD COLUMN adjusted_shift_high REAL;
    ALTER TABLE summaries ADD COLUMN interrupt_slope REAL;
    ALTER TABLE summaries ADD COLUMN instructions_slope REAL;
    ALTER TABLE summaries ADD COLUMN memory_slope REAL;
    ALTER TABLE blocks ADD COLUMN pass INTEGER;
    """

  /// What a run's probes said, from its run.json.
  private static let fourth = ["interrupt_ns", "instructions_ns", "memory_ns"].map { name in
    "ALTER TABLE runs ADD COLUMN \(name) REAL GENERATED ALWAYS AS (json_extract(context, '$.state.\(name)')) VIRTUAL;"
  }.joined(separator: "\n")
}
