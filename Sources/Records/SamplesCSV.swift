// SPDX-License-Identifier: Apache-2.0
import Model

/// samples.csv: every sample of every block, those of warm-up and invalid blocks among them, because blocks.csv
/// tells each block's status and a raw record leaves nothing out. `sample` counts from 0 in its block, in the
/// order in which the calls were made; `value` is in the case's unit and empty where it is not finite.
public enum SamplesCSV {
  /// The columns' names in their order.
  public static let columns = ["run_id", "case", "block", "sample", "value"]

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
