// SPDX-License-Identifier: Apache-2.0

/// What a terminal can make of a text; plain where colour is not wanted. Only emphasis: no meaning hangs on it.
struct Style {
  var color: Bool

  func bold(_ text: String) -> String { color ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  func dim(_ text: String) -> String { color ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}

/// Rows in aligned columns, their widths in characters. The last cell of a row is never padded.
struct TextTable {
  enum Alignment {
    case left
    case right
  }

  private enum Row {
    case cells([String])
    /// The first cells, then a text across the other columns.
    case note([String], String)
  }

  private let columns: [Alignment]
  private let indent: String
  private var rows: [Row] = []

  init(_ columns: [Alignment], indent: Int = 2) {
    self.columns = columns
    self.indent = String(repeating: " ", count: indent)
  }

  mutating func row(_ cells: [String]) { rows.append(.cells(cells)) }
  mutating func note(_ label: String, _ text: String) { note([label], text) }
  mutating func note(_ cells: [String], _ text: String) { rows.append(.note(cells, text)) }

  /// One line a row, each ended by a line feed. Notes are dimmed.
  func render(_ style: Style) -> String {
    let widths = widths
    return rows.map { line($0, widths, style) + "\n" }.joined()
  }

  /// Lines of at most `width` characters: the last cell of a longer row goes below it, and a longer note is shortened.
  func lines(_ style: Style, width: Int) -> [String] {
    let widths = widths
    return rows.flatMap { row -> [String] in
      switch row {
      case .note(let cells, let note):
        let room = width - length(of: cells + [""], widths)
        return [line(.note(cells, shortened(note, width: room)), widths, style)]
      case .cells(let cells):
        guard let last = cells.last, cells.count > 1, length(of: cells, widths) > width else {
          return [line(row, widths, style)]
        }
        return [line(.cells(cells.dropLast()), widths, style), line(.note([""], last), widths, style)]
      }
    }
  }

  private var widths: [Int] {
    var widths = columns.map { _ in 0 }
    for row in rows {
      switch row {
      case .cells(let cells), .note(let cells, _):
        for (index, cell) in cells.enumerated() { widths[index] = max(widths[index], cell.count) }
      }
    }
    return widths
  }

  /// Characters that a row takes whose last cell is not padded.
  private func length(of cells: [String], _ widths: [Int]) -> Int {
    let before = widths.prefix(cells.count - 1).reduce(0) { $0 + $1 + 2 }
    return indent.count + before + (cells.last?.count ?? 0)
  }

  private func line(_ row: Row, _ widths: [Int], _ style: Style) -> String {
    switch row {
    case .cells(let cells):
      let last = cells.lastIndex { !$0.isEmpty } ?? 0
      let padded = cells.prefix(last + 1).enumerated().map { index, cell in
        index == last && columns[index] == .left ? cell : pad(cell, to: widths[index], columns[index])
      }
      return indent + padded.joined(separator: "  ")
    case .note(let cells, let text):
      let padded = cells.enumerated().map { pad($1, to: widths[$0], columns[$0]) + "  " }
      return indent + padded.joined() + style.dim(text)
    }
  }

  private func pad(_ text: String, to width: Int, _ alignment: Alignment) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return alignment == .left ? text + blanks : blanks + text
  }
}
