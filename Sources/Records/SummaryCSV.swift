// SPDX-License-Identifier: Apache-2.0
import Experiment
import Statistics

/// summary.csv, schema 1: one row per case. A column is defined once, name and value together, so that the
/// header cannot drift from the rows.
public enum SummaryCSV {
  /// The version of the columns and their meanings.
  public static let schema = 1

  /// The columns' names in their order.
  public static let columns: [String] = table.map(\.name)

  /// The whole file.
  public static func bytes(of report: RunReport) -> [UInt8] {
    var text = CSVText()
    text.line(columns)
    for summary in report.summaries {
      let row = Row(summary: summary, context: report.context)
      for column in table { text.field(column.value(row)) }
      text.endLine()
    }
    return text.bytes
  }

  /// The rows of a file, which must be of this schema: no column missing, none unknown, in any order.
  public static func read(_ path: String) throws -> [CSVRow] {
    try rows(of: Files.read(path), file: path)
  }

  /// The rows of a file's bytes; `file` is only named in failures.
  public static func rows(of bytes: [UInt8], file: String) throws(CSVFailure) -> [CSVRow] {
    let header = try CSVReader.header(of: bytes, file: file)
    if let missing = columns.first(where: { !header.contains($0) }) {
      throw CSVFailure(
        file: file, line: 1, column: 1,
        message: "not a summary of schema \(schema): the column '\(missing)' is missing")
    }
    if let extra = header.first(where: { !columns.contains($0) }) {
      throw CSVFailure(
        file: file, line: 1, column: 1,
        message: "not a summary of schema \(schema): the column '\(extra)' is unknown")
    }
    let rows = try CSVReader.rows(of: bytes, file: file)
    for row in rows where row["schema"] != "\(schema)" {
      throw CSVFailure(
        file: file, line: row.line, column: 1,
        message: "schema \(row["schema"]), but this version of gmembench reads \(schema)")
    }
    return rows
  }

  /// What a row's columns are made of; quantiles and outliers once, since each sorts.
  struct Row {
    let summary: Summary
    let context: RunContext
    let figures: SampleFigures?
    let outliers: (mild: Int, severe: Int)?

    init(summary: Summary, context: RunContext) {
      self.summary = summary
      self.context = context
      figures = SampleFigures(summary.samples)
      outliers = figures == nil ? nil : summary.samples.outliers
    }

    var measured: Case { summary.measuredCase }
  }

  struct Column: Sendable {
    let name: String
    let value: @Sendable (Row) -> String

    init(_ name: String, _ value: @escaping @Sendable (Row) -> String) {
      self.name = name
      self.value = value
    }

    init(_ name: String, number: @escaping @Sendable (Row) -> Double?) {
      self.init(name) { row in number(row).map(CSVText.text) ?? "" }
    }

    init(_ name: String, count: @escaping @Sendable (Row) -> Int64?) {
      self.init(name) { row in count(row).map(\.description) ?? "" }
    }
  }

  private static let table: [Column] = identity + axes + outcome + distribution + effect + counters

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
    Column("direct_map") { $0.measured.directMap?.rawValue ?? "" },
    Column("flush") { $0.summary.flush?.rawValue ?? "" },
  ]

  private static let outcome: [Column] = [
    Column("method") { $0.summary.method },
    Column("unit") { $0.summary.unit.rawValue },
    Column("status") { $0.summary.status.rawValue },
    Column("reason") { $0.summary.reason ?? "" },
    Column("blocks") { "\($0.summary.blocks)" },
    Column("samples") { "\($0.summary.samples.count)" },
  ]

  private static let distribution: [Column] = [
    Column("mean", number: { $0.summary.samples.mean }),
    Column("stddev", number: { $0.summary.samples.standardDeviation }),
    Column("min", number: { $0.summary.samples.minimum }),
    Column("p50", number: { $0.figures?.p50 }),
    Column("p50_low", number: { $0.summary.medianInterval?.low }),
    Column("p50_high", number: { $0.summary.medianInterval?.high }),
    Column("p90", number: { $0.figures?.p90 }),
    Column("p99", number: { $0.figures?.p99 }),
    Column("p99_9", number: { $0.figures?.p999 }),
    Column("max", number: { $0.summary.samples.maximum }),
    Column("mad", number: { $0.summary.samples.medianAbsoluteDeviation }),
    Column("outliers_mild", count: { $0.outliers.map { Int64($0.mild) } }),
    Column("outliers_severe", count: { $0.outliers.map { Int64($0.severe) } }),
  ]

  private static let effect: [Column] = [
    Column("baseline") { $0.summary.baseline?.key ?? "" },
    Column("ratio", number: { $0.summary.effect?.ratio?.value }),
    Column("ratio_low", number: { $0.summary.effect?.ratio?.interval.low }),
    Column("ratio_high", number: { $0.summary.effect?.ratio?.interval.high }),
    Column("shift", number: { $0.summary.effect?.shift.value }),
    Column("shift_low", number: { $0.summary.effect?.shift.interval.low }),
    Column("shift_high", number: { $0.summary.effect?.shift.interval.high }),
  ]

  private static let counters: [Column] = [
    Column("level2_splits", count: { $0.summary.counters.level2Splits }),
    Column("level3_splits", count: { $0.summary.counters.level3Splits }),
    Column("cal_interrupts", count: { $0.summary.counters.calInterrupts?.reduce(0, +) }),
    Column("tlb_interrupts", count: { $0.summary.counters.tlbInterrupts?.reduce(0, +) }),
    Column("pf_taken") { row in row.summary.faultsTaken.map(\.description) ?? "" },
    Column("context_switches", count: { $0.summary.counters.contextSwitches }),
    Column("migrations", count: { $0.summary.counters.migrations }),
  ]
}
