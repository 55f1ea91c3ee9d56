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

CREATE TABLE blocks (
  summary INTEGER NOT NULL REFERENCES summaries ON DELETE CASCADE,
  block INTEGER NOT NULL,
  round INTEGER NOT NULL,
  status TEXT NOT NULL,
  samples INTEGER NOT NULL,
  median REAL,
  mean REAL,
  min REAL,
  max REAL, pass INTEGER,
  PRIMARY KEY (summary, block)
) WITHOUT ROWID;

CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);

CREATE VIEW points AS
  SELECT series.machine_key, series."case", series.unit, series.benchmark, series.operation, series.backing,
    runs.run_id, runs.started_at, runs.status AS run_status, runs.kernel_release, runs.microcode,
    summaries.*
  FROM summaries JOIN series ON series.id = summaries.series JOIN runs ON runs.id = summaries.run;

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
  transparent_huge_pages TEXT GENERATED ALWAYS AS (json_extract(context, '$.machine.transparent_huge_pages')) VIRTUAL, interrupt_ns REAL GENERATED ALWAYS AS (json_extract(context, '$.state.interrupt_ns')) VIRTUAL, instructions_ns REAL GENERATED ALWAYS AS (json_extract(context, '$.state.instructions_ns')) VIRTUAL, memory_ns REAL GENERATED ALWAYS AS (json_extract(context, '$.state.memory_ns')) VIRTUAL,
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
  max REAL, mad REAL, ratio REAL, ratio_low REAL, ratio_high REAL, shift REAL, shift_low REAL, shift_high REAL, state TEXT, levels TEXT, passes INTEGER, between_share REAL, adjusted_ratio REAL, adjusted_ratio_low REAL, adjusted_ratio_high REAL, adjusted_shift REAL, adjusted_shift_low REAL, adjusted_shift_high REAL, interrupt_slope REAL, instructions_slope REAL, memory_slope REAL,
  UNIQUE (series, run)
);

CREATE INDEX summaries_of_run ON summaries (run);
