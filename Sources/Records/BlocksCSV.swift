// SPDX-License-Identifier: Apache-2.0
import Model

/// blocks.csv: one line a block, whatever became of it, in the order in which they were measured. `status` tells
/// which of them the summary rests on.
public enum BlocksCSV {
  /// The columns' names in their order.
  public static let columns: [String] = table.map(\.facts.name)

  /// The header line.
  public static var header: [UInt8] {
    var text = CSVText()
    text.line(columns)
    return text.bytes
  }

  /// The line of one block.
  public static func bytes(of block: Block, runID: String) -> [UInt8] {
    let line = BlockLine(block, runID: runID)
    var text = CSVText()
    text.line(table.map { $0.text(line) })
    return text.bytes
  }
}
