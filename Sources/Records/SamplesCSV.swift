// SPDX-License-Identifier: Apache-2.0
import Model

/// samples.csv: every sample of every block, those of warm-up and invalid blocks among them, because blocks.csv
/// tells each block's status and a raw record leaves nothing out. `sample` counts from 0 in its block, in the
/// order in which the calls were made; `value` is in the case's unit and empty where it is not finite.
public enum SamplesCSV {
  /// The columns in their order. Samples come by the million: `bytes` and the reader make and take a line by hand.
  static let table: [ColumnFacts] = [
    column("run_id", .text, "The run's name, as in summary.csv."),
    column(
      "case", .text, "The key of the case, as in summary.csv; any text where the data come from elsewhere."),
    column("block", .whole, "The number of the block among its case's, as in blocks.csv."),
    column("sample", .whole, "The number of the sample in its block, from 0, in the order of the calls."),
    column(
      "value", .number, "One timed call divided by the pages it covered.", unit: ColumnFacts.own,
      empty: "where it is not finite"),
  ]

  /// Their names.
  public static let columns: [String] = table.map(\.name)

  private static func column(
    _ name: String, _ kind: ColumnFacts.Kind, _ meaning: String, unit: String = "",
    empty: String = ColumnFacts.never
  ) -> ColumnFacts {
    ColumnFacts(name: name, kind: kind, unit: unit, meaning: meaning, empty: empty, since: 1)
  }

  /// The header line.
  public static var header: [UInt8] {
    var text = CSVText()
    text.line(columns)
    return text.bytes
  }

  /// The lines of one block.
  public static func bytes(of block: Block, runID: String) -> [UInt8] {
    // What repeats in each line is encoded once.
    var start = CSVText()
    start.field(runID)
    start.field(block.measuredCase.key)
    start.field(block.number)
    var text = CSVText()
    text.reserve(block.samples.count * (start.bytes.count + 26))
    for (number, value) in block.samples.enumerated() {
      text.field(encoded: start.bytes)
      text.field(number)
      text.field(value)
      text.endLine()
    }
    return text.bytes
  }
}
