// SPDX-License-Identifier: Apache-2.0
import Model

/// The columns of a run's files as CSV (RFC 4180), for a program: one line a column, in the order of the file.
public enum SchemaCSV {
  /// The columns' names in their order.
  private static let columns = ["file", "column", "type", "unit", "since", "empty", "meaning"]

  /// The whole file.
  static func bytes(of files: [RecordedFile]) -> [UInt8] {
    var text = CSVText()
    text.line(columns)
    for file in files {
      for column in file.columns {
        text.line([
          file.name, column.name, column.kind.rawValue, column.unit, "\(column.since)", column.empty,
          column.meaning,
        ])
      }
    }
    return text.bytes
  }

  /// Writes it.
  public static func write(_ files: [RecordedFile], to destination: Destination) throws(SinkFailure) {
    try destination.write(bytes(of: files))
  }
}
