// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model
import Statistics

/// A run as a database of runs keeps it: what its folder, or its summary alone, says of it, but the samples.
public struct RecordedRun: Sendable {
  /// A row of summary.csv and the case's blocks, whatever became of each.
  public struct Row: Sendable {
    /// By the names of summary.csv's columns.
    public let fields: CSVRow
    public let blocks: [RecordedBlock]

    /// The case's key.
    public var key: String { fields["case"] }

    /// Its adjusted ratio; nil where it has none.
    ///
    /// - Parameter state: of the run, as of `AdjustedEffect`.
    /// - Throws: ``CSVFailure`` where a figure is no number.
    public func adjustedEffect(at state: [Double?]) throws(CSVFailure) -> AdjustedEffect? {
      guard let ratio = try fields.number("adjusted_ratio") else { return nil }
      return AdjustedEffect(
        ratio: LocationEstimate(
          value: ratio,
          interval: Interval(
            low: try fields.number("adjusted_ratio_low") ?? -.infinity,
            high: try fields.number("adjusted_ratio_high") ?? .infinity)),
        slopes: [
          try fields.number("interrupt_slope"), try fields.number("instructions_slope"),
          try fields.number("memory_slope"),
        ], state: state)
    }
  }

  /// As the user named it.
  public let path: String
  public let runID: String
  public let machineKey: String
  /// UTC, `2026-11-24T12:00:00Z`.
  public let startedAt: String
  public let kernelRelease: String
  /// `complete` or `partial`; empty where neither run.json nor a row tells.
  public let status: String
  /// What run.json says; nil without one.
  public let context: RunJSON?
  /// One a case.
  public let rows: [Row]

  /// Takes what was read of a folder or a summary.
  ///
  /// - Throws: ``CSVFailure`` where a row contradicts another one or does not say when and where it was measured,
  ///   `SinkFailure` where there is no row.
  public init(_ recording: Recording) throws {
    guard [.folder, .summary].contains(recording.form) else {
      throw SinkFailure("\(recording.path): no summary; name a run's folder or its summary.csv")
    }
    rows = recording.entries.compactMap { entry in entry.row.map { Row(fields: $0, blocks: entry.lines) } }
    guard let first = rows.first?.fields else {
      throw SinkFailure("\(recording.path): no row in summary.csv yet: nothing to keep")
    }
    path = recording.path
    context = recording.context
    (runID, machineKey) = (first["run_id"], first["machine_key"])
    (startedAt, kernelRelease) = (first["started_at"], first["kernel_release"])
    for column in ["run_id", "machine_key", "unit", "case"] {
      for row in rows where row.fields[column].isEmpty {
        throw row.fields.failure(column, "\(column) is empty: not a run of gmembench")
      }
    }
    guard Self.isTime(startedAt) else {
      throw first.failure(
        "started_at", "started_at is '\(startedAt)', not a time such as 2026-11-24T12:00:00Z")
    }
    for column in ["machine_key", "started_at", "kernel_release"] {
      for row in rows where row.fields[column] != first[column] {
        throw row.fields.failure(
          column, "\(column) is '\(row.fields[column])', but '\(first[column])' in the rows before")
      }
    }
    if let context, (context.runId, context.machine.machineKey) != (runID, machineKey) {
      throw SinkFailure(
        "\(recording.path): run.json is of run '\(context.runId)' on \(context.machine.machineKey), summary.csv of "
          + "'\(runID)' on \(machineKey)")
    }
    let isPartial = rows.contains { $0.fields["status"] == CaseStatus.partial.rawValue }
    status = context?.status ?? (isPartial ? CaseStatus.partial.rawValue : "")
  }

  /// Whether texts in this form stand in the order of time.
  private static func isTime(_ text: String) -> Bool {
    let form = "0000-00-00T00:00:00Z"
    return text.utf8.count == form.utf8.count
      && zip(text.utf8, form.utf8).allSatisfy { byte, sign in
        sign == UInt8(ascii: "0") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == sign
      }
  }
}
