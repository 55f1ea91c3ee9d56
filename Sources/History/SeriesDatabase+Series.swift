// SPDX-License-Identifier: Apache-2.0
import Analysis
import GRDB
import Model
import Records
import Statistics

extension SeriesDatabase {
  /// Which series are meant; what is empty does not choose.
  public struct Filter: Sendable {
    public var benchmarks: [String] = []
    public var backings: [String] = []
    /// Texts that have all to be part of the case's key, the machine key or the unit.
    public var parts: [String] = []

    public init(benchmarks: [String] = [], backings: [String] = [], parts: [String] = []) {
      self.benchmarks = benchmarks
      self.backings = backings
      self.parts = parts
    }

    fileprivate var condition: SQL {
      var conditions: [SQL] = parts.map { part in
        "instr(series.\"case\" || ' ' || series.machine_key || ' ' || series.unit, \(part)) > 0"
      }
      if !benchmarks.isEmpty { conditions.append("series.benchmark IN \(benchmarks)") }
      if !backings.isEmpty { conditions.append("series.backing IN \(backings)") }
      return conditions.isEmpty ? "TRUE" : conditions.joined(separator: " AND ")
    }
  }

  /// The series, by machine, then in the order in which they were first added.
  public func outlines(_ filter: Filter = Filter()) throws -> [SeriesOutline] {
    try read { db in
      let request = SQLRequest<Row>(
        literal: """
          SELECT series.machine_key, series."case", series.unit, count(summaries.p50) AS points, count(*) AS runs,
            max(CASE WHEN summaries.p50 IS NOT NULL THEN runs.started_at || ' ' || summaries.id END) AS last
          FROM series JOIN summaries ON summaries.series = series.id JOIN runs ON runs.id = summaries.run
          WHERE \(filter.condition) GROUP BY series.id ORDER BY series.machine_key, series.id
          """)
      return try request.fetchAll(db).map { row in
        var outline = SeriesOutline(series: Series(row), points: row["points"], runs: row["runs"], last: nil)
        if let last = (row["last"] as String?)?.split(separator: " "), let id = Int64(last[1]),
          let value = try Double.fetchOne(db, sql: "SELECT p50 FROM summaries WHERE id = ?", arguments: [id])
        {
          outline.last = (value, String(last[0]))
        }
        return outline
      }
    }
  }

  /// The one series that these texts are parts of. Where some series have all of them as whole parts (a word between
  /// the slashes of the key, the key itself, the machine key, the unit), the others are not meant.
  ///
  /// - Throws: ``HistoryFailure`` where there is none or more than one, with those that there are.
  public func series(matching parts: [String]) throws -> Series {
    let found = try read { db in
      try SQLRequest<Row>(
        literal: """
          SELECT machine_key, "case", unit FROM series WHERE \(Filter(parts: parts).condition)
          ORDER BY machine_key, id
          """
      ).fetchAll(db).map(Series.init)
    }
    let whole = found.filter { series in
      let words =
        series.key.split(separator: "/").map(String.init) + [series.key, series.machineKey, series.unit]
      return parts.allSatisfy(words.contains)
    }
    let chosen = whole.isEmpty ? found : whole
    if chosen.count == 1 { return chosen[0] }
    let words = parts.joined(separator: " ")
    guard !chosen.isEmpty else {
      throw HistoryFailure(
        "\(path): no series has '\(words)' in its case or machine key (gmembench history list)")
    }
    let more = chosen.count > 10 ? "\n  and \(chosen.count - 10) more" : ""
    throw HistoryFailure(
      "'\(words)' could be \(chosen.count) series; add a part that only one has:\n"
        + chosen.prefix(10).map { "  \($0.key)  \($0.machineKey)  \($0.unit)" }.joined(separator: "\n") + more
    )
  }

  /// What every run says of a series, in the order of time; those without a figure among them.
  public func points(of series: Series) throws -> [SeriesPoint] {
    try histories(
      where: """
        series.machine_key = \(series.machineKey) AND series."case" = \(series.key) AND series.unit = \(series.unit)
        """
    ).first?.points ?? []
  }

  /// The same of each series.
  public func histories(_ filter: Filter = Filter()) throws -> [SeriesHistory] {
    try histories(where: filter.condition)
  }

  private func histories(where condition: SQL) throws -> [SeriesHistory] {
    try read { db in
      // A run's texts are fetched once and not with each of its figures.
      let runs = try Row.fetchAll(
        db,
        sql: """
          SELECT id, run_id, started_at, coalesce(status, '') AS status, kernel_release, interrupt_ns,
            instructions_ns, memory_ns
          FROM runs
          """)
      let run = Dictionary(uniqueKeysWithValues: runs.map { ($0["id"] as Int64, RunTexts($0)) })
      let cursor = try SQLRequest<Row>(
        literal: """
          SELECT series.id, series.machine_key, series."case", series.unit, summaries.run, summaries.status, reason, blocks,
            p50, p50_low, p50_high, ratio, ratio_low, ratio_high, coalesce(baseline, ''), coalesce(abi, ''),
            cal_interrupts - tlb_interrupts, adjusted_ratio, adjusted_ratio_low, adjusted_ratio_high,
            interrupt_slope, instructions_slope, memory_slope
          FROM series JOIN summaries ON summaries.series = series.id JOIN runs ON runs.id = summaries.run
          WHERE \(condition) ORDER BY series.machine_key, series.id, runs.started_at, runs.run_id
          """
      ).fetchCursor(db)
      var histories: [SeriesHistory] = []
      var (last, pages) = (Int64?.none, Double?.none)
      while let row = try cursor.next() {
        if last != row[0] {
          last = row[0]
          let series = Series(machineKey: row[1], key: row[2], unit: row[3])
          pages = CaseKey(series.key)[.pages].flatMap(Double.init)
          histories.append(SeriesHistory(series: series, points: []))
        }
        guard let texts = run[row[4]] else { continue }
        histories[histories.count - 1].points.append(SeriesPoint(row, of: texts, pages: pages))
      }
      return histories
    }
  }

  /// What run.json said of a run, its summaries left out; nil where the run had none.
  public func context(runID: String, machineKey: String) throws -> RunJSON? {
    let text = try read { db in
      try String.fetchOne(
        db, sql: "SELECT context FROM runs WHERE machine_key = ? AND run_id = ?",
        arguments: [machineKey, runID])
    }
    return try text.map { try RunJSON(bytes: Array($0.utf8)) }
  }
}

extension Series {
  fileprivate init(_ row: Row) {
    self.init(machineKey: row["machine_key"], key: row["case"], unit: row["unit"])
  }
}

/// What a row of `runs` says.
private struct RunTexts {
  let runID, startedAt, status, kernelRelease: String
  let probes: Probes

  init(_ row: Row) {
    runID = row["run_id"]
    startedAt = row["started_at"]
    status = row["status"]
    kernelRelease = row["kernel_release"]
    probes = Probes(
      interrupt: row["interrupt_ns"], instructions: row["instructions_ns"], memory: row["memory_ns"])
  }
}

extension SeriesPoint {
  /// - Parameter row: by position, as `histories` asks for it: names cost more than the rest of it.
  fileprivate init(_ row: Row, of run: RunTexts, pages: Double?) {
    func estimate(_ column: Int) -> LocationEstimate? {
      (row[column] as Double?).map { value in
        LocationEstimate(
          value: value,
          interval: Interval(low: row[column + 1] ?? -.infinity, high: row[column + 2] ?? .infinity))
      }
    }
    let blocks: Int = row[7] ?? 0
    let covered = Double(blocks) * (pages ?? 0)
    self.init(
      runID: run.runID, startedAt: run.startedAt, runStatus: run.status, kernelRelease: run.kernelRelease,
      status: row[5] ?? "", reason: row[6] ?? "", blocks: blocks, value: estimate(8), ratio: estimate(11),
      adjusted: estimate(17).map {
        AdjustedEffect(ratio: $0, slopes: [row[20], row[21], row[22]], state: run.probes.logarithms)
      },
      baseline: row[14], abi: row[15],
      callsPerPage: covered > 0 ? (row[16] as Double?).map { $0 / covered } : nil)
  }
}
