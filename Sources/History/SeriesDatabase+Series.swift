// SPDX-License-Identifier: Apache-2.0
import Experiment
import GRDB
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
    try read { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT runs.run_id, runs.started_at, runs.status AS run_status, runs.kernel_release, summaries.status, reason,
            blocks, p50, p50_low, p50_high, ratio, ratio_low, ratio_high
          FROM series JOIN summaries ON summaries.series = series.id JOIN runs ON runs.id = summaries.run
          WHERE series.machine_key = ? AND series."case" = ? AND series.unit = ? ORDER BY runs.started_at, runs.run_id
          """)
      return try Row.fetchAll(statement, arguments: [series.machineKey, series.key, series.unit]).map(
        SeriesPoint.init)
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

extension SeriesPoint {
  fileprivate init(_ row: Row) {
    func estimate(_ name: String) -> LocationEstimate? {
      (row[name] as Double?).map { value in
        LocationEstimate(
          value: value,
          interval: Interval(low: row["\(name)_low"] ?? -.infinity, high: row["\(name)_high"] ?? .infinity))
      }
    }
    self.init(
      runID: row["run_id"], startedAt: row["started_at"],
      runStatus: row["run_status"] ?? "", kernelRelease: row["kernel_release"],
      status: row["status"] ?? "", reason: row["reason"] ?? "", blocks: row["blocks"] ?? 0,
      value: estimate("p50"),
      ratio: estimate("ratio"))
  }
}
