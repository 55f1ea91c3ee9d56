// SPDX-License-Identifier: Apache-2.0

/// What a reader has to know of a column of one of a run's files.
public struct ColumnFacts: Hashable, Sendable {
  /// What its fields are.
  public enum Kind: String, Sendable {
    case text
    /// A whole number.
    case whole
    /// A decimal number.
    case number
  }

  public let name: String
  public let kind: Kind
  /// Empty where it has none.
  public let unit: String
  /// One sentence.
  public let meaning: String
  /// When its field is empty: `never`, or words that begin with `where`.
  public let empty: String
  /// The first schema that has it.
  public let since: Int
}

extension ColumnFacts {
  /// The unit of values that are in that of their case.
  static let own = "the case's"
  public static let never = "never"
  static let uncounted = "where this machine does not count them"
  /// What perf_event_open(2) alone counts here is off while a guest is timed.
  static let unmoved = uncounted + ", and for a guest where perf_event_open(2) alone counts them"
}

/// A field that is not empty.
public enum ColumnValue: Hashable, Sendable {
  case text(String)
  case whole(Int)
  case number(Double)
}

extension CSVRow {
  /// What stands in a column; nil where the field is empty.
  ///
  /// - Throws: ``CSVFailure`` where it is not of the column's kind.
  public func value(of column: ColumnFacts) throws(CSVFailure) -> ColumnValue? {
    switch column.kind {
    case .text: self[column.name].isEmpty ? nil : .text(self[column.name])
    case .whole: try whole(column.name).map(ColumnValue.whole)
    case .number: try number(column.name).map(ColumnValue.number)
    }
  }
}

/// The files of a run that are tables.
public enum RecordedFile: String, CaseIterable, Sendable {
  case summary, blocks, distributions, samples

  public var name: String { "\(rawValue).csv" }

  /// The columns in their order.
  public var columns: [ColumnFacts] {
    switch self {
    case .summary: SummaryCSV.table.map(\.facts)
    case .blocks: BlocksCSV.table.map(\.facts)
    case .distributions: DistributionsCSV.table
    case .samples: SamplesCSV.table
    }
  }

  /// What its lines are.
  public var purpose: String {
    switch self {
    case .summary: "One row a case, whatever became of it."
    case .blocks:
      "One line a block, whatever became of it, in the order in which the blocks were measured. Counters are those around "
        + "the block."
    case .distributions:
      "One line a case that has a figure: quantiles and a histogram of its pooled samples. Runs before 0.2 have no such file."
    case .samples:
      "One line a sample, those of warm-up and invalid blocks among them. It is written only where --samples asks for it."
    }
  }
}
