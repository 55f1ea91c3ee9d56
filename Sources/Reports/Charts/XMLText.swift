// SPDX-License-Identifier: Apache-2.0

/// Text from files, made fit for XML and HTML. Names of runs and cases may hold anything.
enum XMLText {
  /// Without what a reader cannot see or what XML forbids: line ends and tabs become spaces; other control characters,
  /// noncharacters and marks that turn the direction of text become U+FFFD.
  static func plain(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { substitute(for: $0) != nil }) else { return text }
    var plain = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { plain.append(substitute(for: scalar) ?? scalar) }
    return String(plain)
  }

  /// The same with what means something in markup replaced by its entity, for content and quoted attributes alike.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for character in plain(text).unicodeScalars {
      switch character {
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "&": escaped += "&amp;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  private static func substitute(for scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029: " "
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: "\u{FFFD}"
    case 0xFDD0...0xFDEF: "\u{FFFD}"
    case let value where value & 0xFFFE == 0xFFFE: "\u{FFFD}"
    default: nil
    }
  }
}
