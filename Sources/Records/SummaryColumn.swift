// SPDX-License-Identifier: Apache-2.0
import Model

/// A column of summary.csv: what it is called, what it says, and how its field is made.
public struct SummaryColumn: Sendable {
  public let facts: ColumnFacts
  let field: Field

  /// A field comes from what is known of the run, or from the figures alone, which can be computed once more.
  enum Field: Sendable {
    case context(@Sendable (SummaryLine) -> String)
    case figure(@Sendable (SummaryFigures) -> String)
  }
}

/// What a row of a run is made of.
struct SummaryLine {
  let summary: Summary
  let context: RunContext
  let figures: SummaryFigures

  init(_ summary: Summary, of context: RunContext) {
    self.summary = summary
    self.context = context
    figures = SummaryFigures(summary.estimates)
  }

  var measured: Case { summary.measuredCase }
}

// The entries of the table read: name, meaning, what else there is to know, and how the field is made.
extension SummaryColumn {
  static func text(
    _ name: String, _ meaning: String, unit: String = "", empty: String = ColumnFacts.never, since: Int = 1,
    _ value: @escaping @Sendable (SummaryLine) -> String?
  ) -> SummaryColumn {
    SummaryColumn(
      facts: ColumnFacts(name: name, kind: .text, unit: unit, meaning: meaning, empty: empty, since: since),
      field: .context { line in value(line) ?? "" })
  }

  static func whole(
    _ name: String, _ meaning: String, unit: String = "", empty: String = ColumnFacts.never, since: Int = 1,
    _ value: @escaping @Sendable (SummaryLine) -> (any BinaryInteger)?
  ) -> SummaryColumn {
    SummaryColumn(
      facts: ColumnFacts(name: name, kind: .whole, unit: unit, meaning: meaning, empty: empty, since: since),
      field: .context { line in value(line)?.description ?? "" })
  }

  static func figure(
    _ name: String, _ meaning: String, unit: String = "", empty: String, since: Int = 1,
    _ value: @escaping @Sendable (SummaryFigures) -> Double?
  ) -> SummaryColumn {
    SummaryColumn(
      facts: ColumnFacts(name: name, kind: .number, unit: unit, meaning: meaning, empty: empty, since: since),
      field: .figure { figures in value(figures).map(CSVText.text) ?? "" })
  }

  static func count(
    _ name: String, _ meaning: String, unit: String = "", empty: String = ColumnFacts.never, since: Int = 1,
    _ value: @escaping @Sendable (SummaryFigures) -> Int?
  ) -> SummaryColumn {
    SummaryColumn(
      facts: ColumnFacts(name: name, kind: .whole, unit: unit, meaning: meaning, empty: empty, since: since),
      field: .figure { figures in value(figures)?.description ?? "" })
  }

  static func words(
    _ name: String, _ meaning: String, unit: String = "", empty: String, since: Int = 1,
    _ value: @escaping @Sendable (SummaryFigures) -> String
  ) -> SummaryColumn {
    SummaryColumn(
      facts: ColumnFacts(name: name, kind: .text, unit: unit, meaning: meaning, empty: empty, since: since),
      field: .figure(value))
  }
}
