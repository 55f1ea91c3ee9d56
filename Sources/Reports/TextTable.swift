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
    /// The first cell, then a text across the other columns.
    case note(String, String)
  }

  private let columns: [Alignment]
  private let indent: String
  private var rows: [Row] = []

  init(_ columns: [Alignment], indent: Int = 2) {
    self.columns = columns
    self.indent = String(repeating: " ", count: indent)
  }

  mutating func row(_ cells: [String]) { rows.append(.cells(cells)) }
  mutating func note(_ label: String, _ text: String) { rows.append(.note(label, text)) }

  /// One line a row, each ended by a line feed. Notes are dimmed.
  func render(_ style: Style) -> String {
    var widths = columns.map { _ in 0 }
    for row in rows {
      switch row {
      case .cells(let cells):
        for (index, cell) in cells.enumerated() { widths[index] = max(widths[index], cell.count) }
      case .note(let label, _): widths[0] = max(widths[0], label.count)
      }
    }
    return rows.map { row in
      switch row {
      case .cells(let cells):
        let last = cells.lastIndex { !$0.isEmpty } ?? 0
        let padded = cells.prefix(last + 1).enumerated().map { index, cell in
          index == last && columns[index] == .left ? cell : pad(cell, to: widths[index], columns[index])
        }
        return indent + padded.joined(separator: "  ") + "\n"
      case .note(let label, let text):
        return indent + pad(label, to: widths[0], .left) + "  " + style.dim(text) + "\n"
      }
    }.joined()
  }

  private func pad(_ text: String, to width: Int, _ alignment: Alignment) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return alignment == .left ? text + blanks : blanks + text
  }
}
