// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// A column of blocks.csv: what it is called, what it says, how its field is made and, where it is read, where the field
/// goes.
public struct BlockColumn: Sendable {
  public let facts: ColumnFacts
  let text: @Sendable (BlockLine) -> String
  let reading: Reading?

  /// A field of ``RecordedBlock``, by the form of its text.
  enum Reading: Sendable {
    case text(WritableKeyPath<RecordedBlock, String> & Sendable)
    /// Never empty.
    case count(WritableKeyPath<RecordedBlock, Int> & Sendable)
    case whole(WritableKeyPath<RecordedBlock, Int?> & Sendable)
    case number(WritableKeyPath<RecordedBlock, Double?> & Sendable)
    case list(WritableKeyPath<RecordedBlock, [Int64]> & Sendable)
  }

  /// Whether a block that is read back knows it.
  public var isRead: Bool { reading != nil }

  /// What a block that was read has in it; nil where the field was empty, and in a column that is not read.
  public func value(in block: RecordedBlock) -> ColumnValue? {
    switch reading {
    case .text(let path): .text(block[keyPath: path])
    case .count(let path): .whole(block[keyPath: path])
    case .whole(let path): block[keyPath: path].map(ColumnValue.whole)
    case .number(let path): block[keyPath: path].map(ColumnValue.number)
    case .list, nil: nil
    }
  }

  func read(_ row: CSVRow, into block: inout RecordedBlock) throws(CSVFailure) {
    switch reading {
    case .text(let path): block[keyPath: path] = row[facts.name]
    case .count(let path): block[keyPath: path] = try row.count(facts.name)
    case .whole(let path): block[keyPath: path] = try row.whole(facts.name)
    case .number(let path): block[keyPath: path] = try row.number(facts.name)
    case .list(let path):
      block[keyPath: path] = row[facts.name].split(separator: ";").compactMap { Int64($0) }
    case nil: break
    }
  }
}

/// What the line of a block is made of.
struct BlockLine {
  let block: Block
  let runID: String
  let gaps: Distribution

  init(_ block: Block, runID: String) {
    self.block = block
    self.runID = runID
    gaps = Distribution(block.bystanders?.gaps ?? [])
  }

  var counters: Counters { block.counters }

  func perPage(_ count: Int64?) -> Double? { count.map { Double($0) / Double(block.measuredCase.pages) } }
}

// The entries of the table read: name, meaning, what else there is to know, how it is read back and how it is made.
extension BlockColumn {
  static func text(
    _ name: String, _ meaning: String, unit: String = "", empty: String = ColumnFacts.never, since: Int = 1,
    read: Reading? = nil, _ value: @escaping @Sendable (BlockLine) -> String?
  ) -> BlockColumn {
    BlockColumn(
      facts: ColumnFacts(name: name, kind: .text, unit: unit, meaning: meaning, empty: empty, since: since),
      text: { line in value(line) ?? "" }, reading: read)
  }

  static func whole(
    _ name: String, _ meaning: String, unit: String = "", empty: String = ColumnFacts.never, since: Int = 1,
    read: Reading? = nil, _ value: @escaping @Sendable (BlockLine) -> (any BinaryInteger)?
  ) -> BlockColumn {
    BlockColumn(
      facts: ColumnFacts(name: name, kind: .whole, unit: unit, meaning: meaning, empty: empty, since: since),
      text: { line in value(line)?.description ?? "" }, reading: read)
  }

  static func number(
    _ name: String, _ meaning: String, unit: String = "", empty: String = ColumnFacts.never, since: Int = 1,
    read: Reading? = nil, _ value: @escaping @Sendable (BlockLine) -> Double?
  ) -> BlockColumn {
    BlockColumn(
      facts: ColumnFacts(name: name, kind: .number, unit: unit, meaning: meaning, empty: empty, since: since),
      text: { line in value(line).map(CSVText.text) ?? "" }, reading: read)
  }

  /// Whole numbers, one a CPU.
  static func list(
    _ name: String, _ meaning: String, unit: String = "", empty: String, since: Int = 1,
    read: Reading? = nil, _ values: @escaping @Sendable (BlockLine) -> [Int64]?
  ) -> BlockColumn {
    BlockColumn(
      facts: ColumnFacts(name: name, kind: .text, unit: unit, meaning: meaning, empty: empty, since: since),
      text: { line in values(line).map { $0.map(\.description).joined(separator: ";") } ?? "" },
      reading: read)
  }
}
