// SPDX-License-Identifier: Apache-2.0

/// Lines of at most `width` characters, broken at blanks; a longer word has a line of its own. The lines after the first
/// begin with `indent` blanks. Text without a word gives no line.
func wrapped(_ text: String, width: Int, indent: Int = 0) -> [String] {
  let margin = String(repeating: " ", count: indent)
  var lines: [String] = []
  var line = ""
  for word in text.split(whereSeparator: \.isWhitespace) {
    if line.isEmpty {
      line = (lines.isEmpty ? "" : margin) + word
    } else if line.count + 1 + word.count <= width {
      line += " " + word
    } else {
      lines.append(line)
      line = margin + word
    }
  }
  return line.isEmpty ? lines : lines + [line]
}

/// The text where it fits; otherwise the words that do, and `…`.
func shortened(_ text: String, width: Int) -> String {
  guard text.count > width else { return text }
  let first = wrapped(text, width: max(1, width - 2)).first ?? ""
  return first.count <= width - 2 ? first + " …" : String(first.prefix(max(0, width - 1))) + "…"
}
