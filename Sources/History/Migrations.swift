// SPDX-License-Identifier: Apache-2.0
import GRDB

/// How a database of any version is brought to this one.
///
/// What was released is literal text and is never changed, so that no later change to a table of columns can change
/// what an old migration did. A new version is a new text at the end, and `Golden/schema.sql` of the tests follows it.
enum Migrations {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for (number, sql) in [first, second, third, fourth].enumerated() {
      migrator.registerMigration("\(number + 1)") { db in try db.execute(sql: sql) }
    }
    return migrator
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
      version TEXT GENERATED ALWAYS AS (json_extract(context, '$.version')) VIRTUAL,
      plan TEXT GENERATED ALWAYS AS (json_extract(context, '$.plan')) VIRTUAL,
      clock TEXT GENERATED ALWAYS AS (json_extract(context, '$.clock.name')) VIRTUAL,
      kernel_version TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.kernel_version')) VIRTUAL,
      microcode TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.microcode')) VIRTUAL,
      command_line TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.command_line')) VIRTUAL,
      governor TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.governor')) VIRTUAL,
      turbo TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.turbo')) VIRTUAL,
      smt TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.smt')) VIRTUAL,
      transparent_huge_pages TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.transparent_huge_pages')) VIRTUAL,
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
  private static let fourth = """
    ALTER TABLE runs ADD COLUMN interrupt_ns REAL GENERATED ALWAYS AS (json_extract(context, '$.state.interrupt_ns')) VIRTUAL;
    ALTER TABLE runs ADD COLUMN instructions_ns REAL GENERATED ALWAYS AS (json_extract(context, '$.state.instructions_ns')) VIRTUAL;
    ALTER TABLE runs ADD COLUMN memory_ns REAL GENERATED ALWAYS AS (json_extract(context, '$.state.memory_ns')) VIRTUAL;
    """
}
