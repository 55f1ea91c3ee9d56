// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

extension Recording {
  /// The cases that have a row in summary.csv, each with its blocks where those were asked for; none in a run that was
  /// cut short before its first row.
  public var rows: [RecordedRun.Row] {
    entries.compactMap { entry in entry.row.map { RecordedRun.Row(fields: $0, blocks: entry.lines) } }
  }

  /// What distributions.csv says, by the keys of the cases; nothing where a run has none, as those of older versions.
  ///
  /// - Throws: ``CSVFailure`` where the file contradicts itself.
  public func distributions() throws -> [String: RecordedDistribution] {
    let file = "\(path)/distributions.csv"
    guard form == .folder, Files.mode(of: file) != nil else { return [:] }
    return Dictionary(try DistributionsCSV.read(file).map { ($0.key, $0) }) { first, _ in first }
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
