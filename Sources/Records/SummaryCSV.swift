// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// summary.csv, schema 2: one row per case. Schema 1 had neither states nor passes, and can be read. A column is defined once, name and value together, so that the
/// header cannot drift from the rows.
public enum SummaryCSV {
  /// The version of the columns and their meanings.
  public static let schema = 2
  /// The columns that came with schema 2.
  private static let newColumns: Set<String> = Set(
    ["state"] + passes.map(\.name) + adjusted.map(\.name))

  /// The columns' names in their order.
  public static let columns: [String] = table.map(\.name)

  /// The whole file.
  public static func bytes(of report: RunReport) -> [UInt8] {
    file(report.summaries.map { Row(summary: $0, context: report.context) }) { row, column in
      switch column.value {
      case .context(let text): text(row)
      case .figure(let text): text(row.figures)
      }
    }
  }

  /// The whole file, its figures recomputed; what else it says is what was recorded.
  public static func bytes(of rows: [RecomputedRow]) -> [UInt8] {
    file(rows) { row, column in
      switch column.value {
      case .context: row.texts[column.name] ?? ""
      case .figure(let text): text(row.figures)
      }
    }
  }

  /// Writes recomputed rows, a file as a whole or not at all.
  public static func write(_ rows: [RecomputedRow], to destination: Destination) throws(SinkFailure) {
    try destination.write(bytes(of: rows))
  }

  private static func file<Row>(_ rows: [Row], cell: (Row, Column) -> String) -> [UInt8] {
    var text = CSVText()
    text.line(columns)
    for row in rows {
      for column in table { text.field(cell(row, column)) }
      text.endLine()
    }
    return text.bytes
  }

  /// The rows of a file, which must be of this schema: no column missing, none unknown, in any order.
  public static func read(_ path: String) throws -> [CSVRow] {
    try rows(of: CSVReader(path: path))
  }

  /// The rows of a file's bytes; `file` is only named in failures.
  public static func rows(of bytes: [UInt8], file: String) throws(CSVFailure) -> [CSVRow] {
    try rows(of: CSVReader(bytes: bytes, file: file))
  }

  /// The rows of a file whose header was read.
  static func rows(of reader: consuming CSVReader) throws(CSVFailure) -> [CSVRow] {
    var reader = reader
    let form = "not a summary of schema 1 or \(schema)"
    let isOld = !reader.header.contains { newColumns.contains($0) }
    try reader.require(isOld ? columns.filter { !newColumns.contains($0) } : columns, for: form)
    if let extra = reader.header.first(where: { !columns.contains($0) }) {
      throw CSVFailure(
        file: reader.file, line: 1, column: 1, message: "\(form): the column '\(extra)' is unknown")
    }
    let rows = try reader.rows()
    let expected = isOld ? 1 : schema
    for row in rows where row["schema"] != "\(expected)" {
      throw row.failure(
        "schema",
        "schema \(row["schema"]) with the columns of \(expected); this version of gmembench reads 1 and \(schema)"
      )
    }
    return rows
  }

  /// What a row of a run is made of.
  private struct Row {
    let summary: Summary
    let context: RunContext
    let figures: SummaryFigures

    init(summary: Summary, context: RunContext) {
      self.summary = summary
      self.context = context
      figures = SummaryFigures(summary.estimates)
    }

    var measured: Case { summary.measuredCase }
  }

  /// A column's text comes from what is known of the run, or from the figures alone.
  private struct Column: Sendable {
    enum Value: Sendable {
      case context(@Sendable (Row) -> String)
      case figure(@Sendable (SummaryFigures) -> String)
    }

    let name: String
    let value: Value

    init(_ name: String, _ text: @escaping @Sendable (Row) -> String) {
      self.name = name
      value = .context(text)
    }

    init(_ name: String, counter: @escaping @Sendable (Row) -> Int64?) {
      self.init(name) { row in counter(row).map(\.description) ?? "" }
    }

    private init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }

    static func words(_ name: String, _ text: @escaping @Sendable (SummaryFigures) -> String) -> Column {
      Column(name, .figure(text))
    }

    init(_ name: String, number: @escaping @Sendable (SummaryFigures) -> Double?) {
      self.name = name
      value = .figure { figures in number(figures).map(CSVText.text) ?? "" }
    }

    init(_ name: String, count: @escaping @Sendable (SummaryFigures) -> Int?) {
      self.name = name
      value = .figure { figures in count(figures).map(\.description) ?? "" }
    }
  }

  private static let table: [Column] =
    identity + axes + outcome + distribution + effect + counters + passes + adjusted

  private static let identity: [Column] = [
    Column("schema") { _ in "\(schema)" },
    Column("run_id") { $0.context.runID },
    Column("case") { $0.measured.key },
    Column("started_at") { $0.context.startedAt },
    Column("machine_key") { $0.context.fingerprint.machineKey },
    Column("kernel_release") { $0.context.fingerprint.kernelRelease },
    Column("architecture") { $0.context.fingerprint.architecture },
    Column("hypervisor") { $0.context.fingerprint.hypervisor },
  ]

  private static let axes: [Column] = [
    Column("benchmark") { $0.measured.benchmark },
    Column("operation") { $0.measured.operation },
    Column("backing") { $0.measured.backing.rawValue },
    Column("abi") { $0.summary.abi?.rawValue ?? "" },
    Column("guest_memfd_flags") { row in
      row.summary.guestMemfdFlags.map { "0x" + String($0, radix: 16) } ?? ""
    },
    Column("page_bytes") { "\($0.summary.pageBytes)" },
    Column("pages") { "\($0.measured.pages)" },
    Column("order") { $0.measured.order.rawValue },
    Column("threads") { "\($0.measured.threads)" },
    Column("cpu_node") { "\($0.measured.cpuNode)" },
    Column("memory_node") { "\($0.measured.memoryNode)" },
    Column("placement") { $0.summary.placement?.text ?? "" },
    Column("others") { $0.measured.others.rawValue },
    Column("state") { $0.measured.state.rawValue },
    Column("direct_map") { $0.measured.directMap?.rawValue ?? "" },
    Column("flush") { $0.summary.flush?.rawValue ?? "" },
  ]

  private static let outcome: [Column] = [
    Column("method") { $0.summary.method },
    Column("unit") { $0.summary.unit.rawValue },
    Column("status") { $0.summary.status.rawValue },
    Column("reason") { $0.summary.reason ?? "" },
    Column("blocks", count: { $0.blocks }),
    Column("samples", count: { $0.samples }),
  ]

  private static let distribution: [Column] = [
    Column("mean", number: { $0.mean }),
    Column("stddev", number: { $0.standardDeviation }),
    Column("min", number: { $0.minimum }),
    Column("p50", number: { $0.p50 }),
    Column("p50_low", number: { $0.medianInterval?.low }),
    Column("p50_high", number: { $0.medianInterval?.high }),
    Column("p90", number: { $0.p90 }),
    Column("p99", number: { $0.p99 }),
    Column("p99_9", number: { $0.p999 }),
    Column("max", number: { $0.maximum }),
    Column("mad", number: { $0.medianAbsoluteDeviation }),
    Column("outliers_mild", count: { $0.mildOutliers }),
    Column("outliers_severe", count: { $0.severeOutliers }),
  ]

  private static let effect: [Column] = [
    Column("baseline") { $0.summary.baseline?.key ?? "" },
    Column("ratio", number: { $0.effect?.ratio?.value }),
    Column("ratio_low", number: { $0.effect?.ratio?.interval.low }),
    Column("ratio_high", number: { $0.effect?.ratio?.interval.high }),
    Column("shift", number: { $0.effect?.shift.value }),
    Column("shift_low", number: { $0.effect?.shift.interval.low }),
    Column("shift_high", number: { $0.effect?.shift.interval.high }),
  ]

  private static let counters: [Column] = [
    Column("level2_splits", counter: { $0.summary.counters.level2Splits }),
    Column("level3_splits", counter: { $0.summary.counters.level3Splits }),
    Column("cal_interrupts", counter: { $0.summary.counters.calInterrupts?.reduce(0, +) }),
    Column("tlb_interrupts", counter: { $0.summary.counters.tlbInterrupts?.reduce(0, +) }),
    Column("pf_taken") { row in row.summary.faultsTaken.map(\.description) ?? "" },
    Column("context_switches", counter: { $0.summary.counters.contextSwitches }),
    Column("migrations", counter: { $0.summary.counters.migrations }),
  ]

  private static let passes: [Column] = [
    Column("passes", count: { $0.effect?.passes }),
    Column("between_share", number: { $0.effect?.betweenShare }),
    // `11400@1,2;13900@3,4`: centre and passes of each level.
    .words("levels") { figures in
      figures.levels.map { level in
        CSVText.text(level.center) + "@" + level.passes.map(\.description).joined(separator: ",")
      }.joined(separator: ";")
    },
  ]

  /// The effect at the median state of the run's machine, empty where the probes explain nothing of what moved; and how
  /// much the logarithm of the ratio moves with that of each probe.
  private static let adjusted: [Column] = [
    Column("adjusted_ratio", number: { $0.effect?.adjustedRatio?.value }),
    Column("adjusted_ratio_low", number: { $0.effect?.adjustedRatio?.interval.low }),
    Column("adjusted_ratio_high", number: { $0.effect?.adjustedRatio?.interval.high }),
    Column("adjusted_shift", number: { $0.effect?.adjustedShift?.value }),
    Column("adjusted_shift_low", number: { $0.effect?.adjustedShift?.interval.low }),
    Column("adjusted_shift_high", number: { $0.effect?.adjustedShift?.interval.high }),
    Column("interrupt_slope", number: { $0.slope(.interrupt) }),
    Column("instructions_slope", number: { $0.slope(.instructions) }),
    Column("memory_slope", number: { $0.slope(.memory) }),
  ]
}
