// SPDX-License-Identifier: Apache-2.0

/// CSV as bytes in the making (RFC 4180, lines end with LF). Locale-free; an absent or infinite number is an
/// empty field. Bytes instead of strings, because samples come by the million.
struct CSVText {
  private(set) var bytes: [UInt8] = []
  private var isLineStart = true

  private static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func line(_ fields: [String]) {
    for text in fields { field(text) }
    endLine()
  }

  mutating func field(_ text: String) {
    separate()
    guard text.utf8.contains(where: Self.needsQuotes) else {
      bytes.append(contentsOf: text.utf8)
      return
    }
    bytes.append(Self.quote)
    for byte in text.utf8 {
      if byte == Self.quote { bytes.append(Self.quote) }
      bytes.append(byte)
    }
    bytes.append(Self.quote)
  }

  mutating func field(_ number: Int) {
    separate()
    bytes.append(contentsOf: number.description.utf8)
  }

  mutating func field(_ number: Double?) {
    separate()
    if let number { bytes.append(contentsOf: Self.text(number).utf8) }
  }

  /// A field that was encoded before, quotes included.
  mutating func field(encoded: [UInt8]) {
    separate()
    bytes.append(contentsOf: encoded)
  }

  mutating func endLine() {
    bytes.append(Self.lineFeed)
    isLineStart = true
  }

  private mutating func separate() {
    if !isLineStart { bytes.append(Self.comma) }
    isLineStart = false
  }

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte == comma || byte == quote || byte == lineFeed || byte == carriageReturn
  }

  /// The shortest decimal that reads back as the same value, never with an exponent (spreadsheets and awk
  /// disagree about those) and without a fraction where there is none; empty for what is not finite.
  static func text(_ number: Double) -> String {
    guard number.isFinite else { return "" }
    let shortest = number.description
    guard let mark = shortest.utf8.firstIndex(of: UInt8(ascii: "e")) else {
      return shortest.hasSuffix(".0") ? String(shortest.dropLast(2)) : shortest
    }
    guard let exponent = Int(shortest[shortest.index(after: mark)...]) else { return shortest }
    return shifted(shortest[..<mark], by: exponent)
  }

  /// `1.25` and 3 make `1250`; `-1.25` and -3 make `-0.00125`.
  private static func shifted(_ mantissa: Substring, by exponent: Int) -> String {
    let isNegative = mantissa.hasPrefix("-")
    let parts = mantissa.drop { $0 == "-" }.split(separator: ".")
    let whole = parts.first.map(String.init) ?? ""
    let fraction = parts.count > 1 && parts[1] != "0" ? String(parts[1]) : ""
    let digits = whole + fraction
    let point = whole.count + exponent
    let text: String
    if point <= 0 {
      text = "0." + String(repeating: "0", count: -point) + digits
    } else if point >= digits.count {
      text = digits + String(repeating: "0", count: point - digits.count)
    } else {
      text = "\(digits.prefix(point)).\(digits.dropFirst(point))"
    }
    return isNegative ? "-" + text : text
  }
}
