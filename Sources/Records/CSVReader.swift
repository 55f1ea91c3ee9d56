// SPDX-License-Identifier: Apache-2.0

/// Reads RFC 4180 with LF or CRLF, record by record and in bounded memory: a header line, then rows with as many
/// fields. A byte order mark is skipped; a last line without a line feed is one.
public struct CSVReader: ~Copyable {
  /// The file as the user named it.
  public let file: String
  /// The names in the header line, none of them twice.
  public let header: [String]
  private let index: [String: Int]
  private var scanner: Scanner

  /// Opens a file and reads its header.
  ///
  /// - Throws: `SinkFailure` where it cannot be opened, ``CSVFailure`` where the header is none.
  public init(path: String) throws { try self.init(LineReader(path: path), file: path) }

  /// Reads bytes; `file` is only named in failures.
  public init(bytes: [UInt8], file: String) throws(CSVFailure) {
    try self.init(LineReader(bytes: bytes), file: file)
  }

  private init(_ lines: consuming LineReader, file: String) throws(CSVFailure) {
    var scanner = Scanner(lines: lines, file: file)
    try scanner.skipMark()
    guard let record = try scanner.record() else {
      throw CSVFailure(file: file, line: 1, column: 1, message: "the file is empty: there is no header line")
    }
    let header = record.fields
    if let twice = header.indices.first(where: { header[..<$0].contains(header[$0]) }) {
      throw CSVFailure(
        file: file, line: 1, column: record.columns[twice],
        message: "the header names '\(header[twice])' twice")
    }
    self.file = file
    self.header = header
    self.scanner = scanner
    index = Dictionary(uniqueKeysWithValues: header.enumerated().map { ($1, $0) })
  }

  /// All rows of a file's bytes. `file` is only named in failures.
  public static func rows(of bytes: [UInt8], file: String) throws(CSVFailure) -> [CSVRow] {
    var reader = try CSVReader(bytes: bytes, file: file)
    return try reader.rows()
  }

  /// All rows that are left.
  public mutating func rows() throws(CSVFailure) -> [CSVRow] {
    var rows: [CSVRow] = []
    while let row = try next() { rows.append(row) }
    return rows
  }

  /// The next row; nil at the end.
  public mutating func next() throws(CSVFailure) -> CSVRow? {
    guard let record = try scanner.record() else { return nil }
    let expected = header.count
    let found = record.fields.count
    guard found == expected else {
      throw CSVFailure(
        file: file, line: record.line,
        column: found > expected ? record.columns[expected] : record.columns[found - 1],
        message: found > expected
          ? "\(found) fields, but the header names \(expected)"
          : "\(found) fields, but the header names \(expected): '\(header[found])' is missing")
    }
    return CSVRow(file: file, line: record.line, index: index, record: record)
  }

  /// Throws where one of these columns is missing from the header.
  func require(_ columns: [String], for what: String) throws(CSVFailure) {
    if let missing = columns.first(where: { index[$0] == nil }) {
      throw CSVFailure(
        file: file, line: 1, column: 1, message: "\(what): the column '\(missing)' is missing")
    }
  }

  /// The line that the next row starts with, its line feed included; empty at the end. For whoever knows a line's
  /// form and wants to spare its fields: valid until the reader moves on.
  mutating func peekLine() throws(CSVFailure) -> UnsafeBufferPointer<UInt8> {
    try scanner.peek()
    return scanner.lines.bytes
  }

  /// Leaves the line behind that was looked at.
  mutating func skipLine() { scanner.endRecord(lines: 1) }

  /// Whether the last line had no line feed, as one has that was cut short.
  var endsWithoutLineFeed: Bool { scanner.endsWithoutLineFeed }
}

extension CSVReader {
  /// Splits records into fields.
  private struct Scanner: ~Copyable {
    var lines: LineReader
    let file: String
    /// Line at hand, from 1.
    private(set) var line = 1
    private(set) var endsWithoutLineFeed = false
    /// The next byte of those at hand, and where its line starts among them.
    private var index = 0
    private var lineStart = 0

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")

    init(lines: consuming LineReader, file: String) {
      self.lines = lines
      self.file = file
    }

    private var next: UInt8? { lines[index] }
    private var column: Int { index - lineStart + 1 }

    private func failure(_ message: String) -> CSVFailure {
      CSVFailure(file: file, line: line, column: column, message: message)
    }

    /// Has a line at hand, unless the file is at its end.
    mutating func peek() throws(CSVFailure) {
      if lines.count == 0 { try extend() }
    }

    private mutating func extend() throws(CSVFailure) {
      do { try lines.extend() } catch { throw failure(error.why) }
    }

    mutating func skipMark() throws(CSVFailure) {
      try peek()
      guard lines[0] == 0xEF, lines[1] == 0xBB, lines[2] == 0xBF else { return }
      index = 3
      lineStart = 3
    }

    mutating func endRecord(lines count: Int) {
      endsWithoutLineFeed = lines[lines.count - 1] != Self.lineFeed
      lines.skip()
      line += count
      index = 0
      lineStart = 0
    }

    mutating func record() throws(CSVFailure) -> CSVRecord? {
      try peek()
      guard next != nil else { return nil }
      var record = CSVRecord(line: line)
      while true {
        record.columns.append(column)
        record.fields.append(next == Self.quote ? try quotedField() : try plainField())
        switch next {
        case Self.comma:
          index += 1
        case Self.carriageReturn where lines[index + 1] == Self.lineFeed, Self.lineFeed, nil:
          endRecord(lines: 1)
          return record
        default:
          throw failure("text after a closing quote")
        }
      }
    }

    private mutating func plainField() throws(CSVFailure) -> String {
      let start = index
      while let byte = next, byte != Self.comma, byte != Self.lineFeed, byte != Self.carriageReturn {
        if byte == Self.quote { throw failure("a quote inside a field that does not start with one") }
        index += 1
      }
      if next == Self.carriageReturn, lines[index + 1] != Self.lineFeed {
        throw failure("a carriage return outside quotes")
      }
      return String(decoding: lines.bytes[start..<index], as: UTF8.self)
    }

    /// A field with its quotes, which may hold line feeds: then it takes further lines in.
    private mutating func quotedField() throws(CSVFailure) -> String {
      let opening = failure("a quote that is not closed")
      index += 1
      var text: [UInt8] = []
      while true {
        if next == nil { try extend() }
        guard let byte = next else { throw opening }
        index += 1
        if byte == Self.quote {
          guard next == Self.quote else { return String(decoding: text, as: UTF8.self) }
          index += 1
        }
        if byte == Self.lineFeed {
          line += 1
          lineStart = index
        }
        text.append(byte)
      }
    }
  }
}
