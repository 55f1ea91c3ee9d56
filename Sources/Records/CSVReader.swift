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
  private let values: [String: String]

  init(file: String, line: Int, values: [String: String]) {
    self.file = file
    self.line = line
    self.values = values
  }

  /// The text of a column; empty where it is absent or the file has no such column.
  public subscript(column: String) -> String { values[column] ?? "" }

  /// The number in a column; nil where the field is empty.
  public func number(_ column: String) throws(CSVFailure) -> Double? {
    let text = self[column]
    if text.isEmpty { return nil }
    guard let value = Double(text), value.isFinite else {
      throw CSVFailure(file: file, line: line, column: 1, message: "\(column) is '\(text)', not a number")
    }
    return value
  }
}

/// Reads RFC 4180 with LF or CRLF: a header line, then rows with as many fields. A byte order mark is skipped.
public enum CSVReader {
  /// The names in the header line. `file` is only named in failures.
  public static func header(of bytes: [UInt8], file: String) throws(CSVFailure) -> [String] {
    var parser = Parser(bytes: bytes, file: file)
    return try header(&parser).fields
  }

  private static func header(_ parser: inout Parser) throws(CSVFailure) -> Record {
    let file = parser.file
    guard let header = try parser.record() else {
      throw CSVFailure(file: file, line: 1, column: 1, message: "the file is empty: there is no header line")
    }
    if let twice = header.fields.indices.first(where: { header.fields[..<$0].contains(header.fields[$0]) }) {
      throw CSVFailure(
        file: file, line: 1, column: header.columns[twice],
        message: "the header names '\(header.fields[twice])' twice")
    }
    return header
  }

  /// All rows of a file's bytes. `file` is only named in failures.
  public static func rows(of bytes: [UInt8], file: String) throws(CSVFailure) -> [CSVRow] {
    var parser = Parser(bytes: bytes, file: file)
    let header = try header(&parser)
    var rows: [CSVRow] = []
    while let record = try parser.record() {
      let expected = header.fields.count
      let found = record.fields.count
      guard found == expected else {
        throw CSVFailure(
          file: file, line: record.line,
          column: found > expected ? record.columns[expected] : record.columns[found - 1],
          message: found > expected
            ? "\(found) fields, but the header names \(expected)"
            : "\(found) fields, but the header names \(expected): '\(header.fields[found])' is missing")
      }
      rows.append(
        CSVRow(
          file: file, line: record.line,
          values: Dictionary(uniqueKeysWithValues: zip(header.fields, record.fields))))
    }
    return rows
  }

  private struct Record {
    var line: Int
    var fields: [String] = []
    /// Where each field starts, in bytes of its line from 1.
    var columns: [Int] = []
  }

  private struct Parser {
    let bytes: [UInt8]
    let file: String
    private var index = 0
    private var line = 1
    private var lineStart = 0

    init(bytes: [UInt8], file: String) {
      self.bytes = bytes
      self.file = file
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
        index = 3
        lineStart = 3
      }
    }

    private var column: Int { index - lineStart + 1 }
    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func failure(_ message: String) -> CSVFailure {
      CSVFailure(file: file, line: line, column: column, message: message)
    }

    mutating func record() throws(CSVFailure) -> Record? {
      guard next != nil else { return nil }
      var record = Record(line: line)
      while true {
        record.columns.append(column)
        record.fields.append(
          next == UInt8(ascii: "\"") ? try quotedField() : try plainField())
        switch next {
        case UInt8(ascii: ","):
          index += 1
        case UInt8(ascii: "\r") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n"):
          index += 1
          endLine()
          return record
        case UInt8(ascii: "\n"):
          endLine()
          return record
        case nil:
          return record
        default:
          throw failure("text after a closing quote")
        }
      }
    }

    private mutating func endLine() {
      index += 1
      line += 1
      lineStart = index
    }

    private mutating func plainField() throws(CSVFailure) -> String {
      let start = index
      while let byte = next, byte != UInt8(ascii: ","), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r")
      {
        if byte == UInt8(ascii: "\"") { throw failure("a quote inside a field that does not start with one") }
        index += 1
      }
      if next == UInt8(ascii: "\r"), index + 1 >= bytes.count || bytes[index + 1] != UInt8(ascii: "\n") {
        throw failure("a carriage return outside quotes")
      }
      return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func quotedField() throws(CSVFailure) -> String {
      let opening = failure("a quote that is not closed")
      index += 1
      var text: [UInt8] = []
      while let byte = next {
        index += 1
        if byte == UInt8(ascii: "\"") {
          guard next == UInt8(ascii: "\"") else { return String(decoding: text, as: UTF8.self) }
          index += 1
        }
        if byte == UInt8(ascii: "\n") {
          line += 1
          lineStart = index
        }
        text.append(byte)
      }
      throw opening
    }
  }
}
