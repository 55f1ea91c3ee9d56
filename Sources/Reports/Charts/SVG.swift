// SPDX-License-Identifier: Apache-2.0

/// The text of an SVG image, element by element. What is visible of it is chosen by classes: ``ChartStyle``.
struct SVG {
  private(set) var body = ""

  /// Where text stands in relation to its point.
  enum Anchor: String {
    case start, middle, end
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    body += "<path class=\"\(style)\" d=\"M\(Self.number(x1)) \(Self.number(y1))"
    body += "L\(Self.number(x2)) \(Self.number(y2))\"/>\n"
  }

  /// A path whose data are made by ``Path``.
  mutating func path(_ path: Path, _ style: String, title: String? = nil) {
    guard !path.data.isEmpty else { return }
    body += "<path class=\"\(style)\" d=\"\(path.data)\""
    body += title.map { "><title>\(XMLText.escape($0))</title></path>\n" } ?? "/>\n"
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ style: String, opacity: Double = 1
  ) {
    body += "<rect class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
    body += " width=\"\(Self.number(max(0, width)))\" height=\"\(Self.number(max(0, height)))\""
    body += opacity < 1 ? " fill-opacity=\"\(Figures.fixed(opacity, 2))\"/>\n" : "/>\n"
  }

  mutating func text(
    _ x: Double, _ y: Double, _ text: String, _ style: String = "t", _ anchor: Anchor = .start,
    turned: Bool = false
  ) {
    let (x, y) = (Self.number(x), Self.number(y))
    let turn = turned ? " transform=\"rotate(-90 \(x) \(y))\"" : ""
    let place = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
    body += "<text class=\"\(style)\" x=\"\(x)\" y=\"\(y)\"\(place)\(turn)>\(XMLText.escape(text))</text>\n"
  }

  mutating func append(_ other: SVG) { body += other.body }

  /// The whole image. A page that shows several has the style once, and no image brings it along.
  ///
  /// - Parameter id: unique in the page.
  func document(
    width: Double, height: Double, id: String, title: String, description: String, hasStyle: Bool = true
  ) -> String {
    let (width, height) = (Self.number(width), Self.number(height))
    return
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gmb\" role=\"img\" viewBox=\"0 0 \(width) \(height)\""
      + " width=\"\(width)\" height=\"\(height)\" aria-labelledby=\"\(id)-t\" aria-describedby=\"\(id)-d\">\n"
      + "<title id=\"\(id)-t\">\(XMLText.escape(title))</title>\n"
      + "<desc id=\"\(id)-d\">\(XMLText.escape(description))</desc>\n"
      + (hasStyle ? "<style>\(ChartStyle.css)</style>\n" : "")
      + "<rect class=\"bg\" width=\"\(width)\" height=\"\(height)\"/>\n" + body + "</svg>\n"
  }

  /// A coordinate, to a tenth.
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e6 else { return "0" }
    let tenths = Int((value * 10).rounded())
    let (whole, rest) = abs(tenths).quotientAndRemainder(dividingBy: 10)
    let sign = tenths < 0 ? "-" : ""
    return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
  }

  /// About how wide text is: no image knows the font that it will be shown in. On the wide side.
  static func width(of text: String, size: Double = 12) -> Double { Double(text.count) * size * 0.58 }

  /// Text that fits, its end cut off where it does not.
  static func fitted(_ text: String, width: Double, size: Double = 12) -> String {
    let most = max(4, Int(width / (size * 0.58)))
    return text.count <= most ? text : text.prefix(most - 1) + "…"
  }

  /// Text in lines that fit, broken at spaces.
  static func lines(_ text: String, width: Double, size: Double = 12) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, Self.width(of: "\(line) \(word)", size: size) > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    return line.isEmpty ? lines : lines + [line]
  }
}

/// The data of an SVG path.
struct Path {
  private(set) var data = ""

  mutating func move(_ x: Double, _ y: Double) { data += "M\(SVG.number(x)) \(SVG.number(y))" }

  mutating func line(_ x: Double, _ y: Double) {
    data += data.isEmpty ? "M" : "L"
    data += "\(SVG.number(x)) \(SVG.number(y))"
  }

  /// One of the shapes that tell arms apart without colour.
  mutating func mark(_ mark: Mark, _ x: Double, _ y: Double) {
    move(x, y)
    data += mark.data
  }
}

/// A shape around a point, drawn from the point on.
enum Mark: Int, CaseIterable {
  case dot, square, triangle, diamond, cross, plus, ring, bar

  var data: String {
    switch self {
    case .dot: "m-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0z"
    case .square: "m-2.4-2.4h4.8v4.8h-4.8z"
    case .triangle: "m0-3.4l3.2 5.8h-6.4z"
    case .diamond: "m0-3.6l3.4 3.6-3.4 3.6-3.4-3.6z"
    case .cross: "m-2.6-2.6l5.2 5.2m0-5.2l-5.2 5.2"
    case .plus: "m-3.2 0h6.4m-3.2-3.2v6.4"
    case .ring:
      "m-2.8 0a2.8 2.8 0 1 1 5.6 0a2.8 2.8 0 1 1-5.6 0m1.6 0a1.2 1.2 0 1 0 2.4 0a1.2 1.2 0 1 0-2.4 0z"
    case .bar: "m-1.2-3.4h2.4v6.8h-2.4z"
    }
  }
}
