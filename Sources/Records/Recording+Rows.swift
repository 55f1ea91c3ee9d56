// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

extension Recording {
  /// The cases that have a row in summary.csv, each with its blocks where those were asked for; none in a run that was
  /// cut short before its first row.
  public var rows: [RecordedRun.Row] {
    entries.compactMap { entry in entry.row.map { RecordedRun.Row(fields: $0, blocks: entry.lines) } }
  }
}

extension RecordedBlock {
  /// Seconds from the start of the run; nil in runs that did not record it.
  public var started: Double? {
    let text = row["started_s"]
    return text.isEmpty ? nil : Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// The line of the file: blocks stand there in the order in which they were measured.
  public var line: Int { row.line }

  /// Whether the summary rests on it.
  public var isResult: Bool { counts }

  /// Whether it is the first of its group, which is never a result.
  public var isWarmUp: Bool { status == Block.Status.warmUp.text }
}
