// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a CSV file, and where.
public struct CSVFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file as the user named it.
  public var file: String
  /// Line of the file, from 1.
  public var line: Int
  /// Byte in the line, from 1.
  public var column: Int
  /// What was found and what was expected.
  public var message: String

  /// A failure at a place.
  public init(file: String, line: Int, column: Int, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  public var description: String { "\(file):\(line):\(column): \(message)" }
}

/// One line of a CSV file, its fields by the names in the header.
public struct CSVRow: Sendable {
  /// The file as the user named it.
  public let file: String
  /// Line of the file where the row starts, from 1.
  public let line: Int
  /// Where each name's field is; shared by all rows of a file.
  let index: [String: Int]
  let record: CSVRecord

  /// The text of a column; empty where it is absent or the file has no such column.
  public subscript(column: String) -> String { index[column].map { record.fields[$0] } ?? "" }

  /// The number in a column, finite; nil where the field is empty.
  public func number(_ column: String) throws(CSVFailure) -> Double? {
    let text = self[column]
    if text.isEmpty { return nil }
    guard let value = Double(text), value.isFinite else {
      throw failure(column, "\(column) is '\(text)', not a finite number")
    }
    return value
  }

  /// No count of ours comes near; sums of such counts stay far from overflow.
  private static let largestCount = 1 << 40

  /// The count in a column, a whole number from 0 to 2^40.
  public func count(_ column: String) throws(CSVFailure) -> Int {
    guard let value = Int(self[column]), (0...Self.largestCount).contains(value) else {
      throw failure(column, "\(column) is '\(self[column])', not a whole number from 0 to 2^40")
    }
    return value
  }

  /// The whole number in a column, 2^40 at most either way; nil where the field is empty.
  public func whole(_ column: String) throws(CSVFailure) -> Int? {
    let text = self[column]
    if text.isEmpty { return nil }
    guard let value = Int(text), (-Self.largestCount...Self.largestCount).contains(value) else {
      throw failure(column, "\(column) is '\(text)', not a whole number")
    }
    return value
  }

  /// What is wrong with a column of this row.
  public func failure(_ column: String, _ message: String) -> CSVFailure {
    CSVFailure(
      file: file, line: line, column: index[column].map { record.columns[$0] } ?? 1, message: message)
  }
}

/// The fields of one record.
struct CSVRecord: Sendable {
  /// Line of the file where it starts, from 1.
  var line: Int
  var fields: [String] = []
  /// Where each field starts, in bytes of its line from 1.
  var columns: [Int] = []
}
