// SPDX-License-Identifier: Apache-2.0

/// One pair of axes with its heading, legend and notes; charts draw into it.
struct PlotFrame {
  let width: Double
  let plotHeight: Double
  let left: Double
  let right: Double
  /// From the top of the frame to that of the plot.
  let top: Double
  /// A panel's heading, then its legend in as many lines as it takes.
  private let heading: [String]
  private let entries: [Entry]

  struct Entry {
    var label: String
    var colour: Int
    var mark: Mark
    var isDashed = false
  }

  /// - Parameter yTickWidth: of the widest text at a tick.
  init(
    heading: String, entries: [Entry], width: Double, plotHeight: Double = 230, yTickWidth: Double = 56
  ) {
    self.width = width
    self.plotHeight = plotHeight
    self.entries = entries
    self.heading = SVG.lines(heading, width: width - 16, size: 13)
    left = 28 + yTickWidth
    right = width - 14
    let lines = Self.layOut(entries, width: width).last.map { $0.line + 1 } ?? 0
    top = Double(self.heading.count) * 17 + Double(lines) * 18 + 18
  }

  var bottom: Double { top + plotHeight }

  private static func layOut(_ entries: [Entry], width: Double) -> [(entry: Entry, x: Double, line: Int)] {
    var (x, line) = (8.0, 0)
    return entries.map { entry in
      let space = SVG.width(of: entry.label) + 46
      if x > 8, x + space > width {
        x = 8
        line += 1
      }
      defer { x += space }
      return (entry, x, line)
    }
  }

  /// The heading and the legend.
  func drawHead(_ svg: inout SVG, at y: Double) {
    for (index, line) in heading.enumerated() { svg.text(8, y + 14 + Double(index) * 17, line, "h") }
    let under = y + Double(heading.count) * 17 + 12
    for (entry, x, line) in Self.layOut(entries, width: width) {
      let middle = under + Double(line) * 18
      let style = "k\(entry.colour) l" + (entry.isDashed ? " o" : "")
      svg.line(x, middle, x + 20, middle, style)
      var mark = Path()
      mark.mark(entry.mark, x + 10, middle)
      svg.path(mark, "k\(entry.colour) m")
      svg.text(x + 26, middle + 4, SVG.fitted(entry.label, width: width - x - 30), "t")
    }
  }

  /// Axes, grid and their titles, below what is drawn later.
  func drawAxes(
    _ svg: inout SVG, at y: Double, x xScale: ChartScale, y yScale: ChartScale, xTitle: String,
    yTitle: String,
    xText: (Double) -> String, yText: (Double) -> String
  ) {
    for tick in yScale.ticks {
      let place = yScale.place(tick)
      svg.line(left, place, right, place, "grid")
      svg.text(left - 6, place + 4, yText(tick), "d", .end)
    }
    var free = -Double.infinity
    for tick in xScale.ticks {
      let place = xScale.place(tick)
      svg.line(place, y + top, place, y + bottom, "grid")
      svg.line(place, y + bottom, place, y + bottom + 4, "axis")
      // Texts that would run into each other or out of the image are left away; their lines stay.
      let half = SVG.width(of: xText(tick)) / 2
      guard place - half > free, place + half < width else { continue }
      svg.text(place, y + bottom + 17, xText(tick), "d", .middle)
      free = place + half + 4
    }
    svg.line(left, y + bottom, right, y + bottom, "axis")
    svg.line(left, y + top, left, y + bottom, "axis")
    svg.text((left + right) / 2, y + bottom + 34, xTitle, "d", .middle)
    svg.text(14, y + (top + bottom) / 2, yTitle, "d", .middle, turned: true)
  }
}

/// Panels below each other in one image, with what they say in words.
struct PanelStack {
  private(set) var svg = SVG()
  private(set) var y = 8.0
  private var words: [String] = []
  let width: Double
  let title: String

  init(width: Double, title: String, hasHeading: Bool) {
    self.width = width
    self.title = title
    if hasHeading {
      var bottom = 5.0
      for line in SVG.lines(title, width: width - 16, size: 13) {
        bottom += 17
        svg.text(8, bottom, line, "h")
      }
      y = bottom + 14
    }
  }

  /// Draws one panel and its notes.
  ///
  /// - Parameter body: draws into the image, the top of the panel given.
  mutating func add(
    _ frame: PlotFrame, notes: [String], description: String, _ body: (inout SVG, Double) -> Void
  ) {
    frame.drawHead(&svg, at: y)
    body(&svg, y)
    y += frame.bottom + 40
    for note in notes {
      for line in SVG.lines(note, width: width - 16, size: 11) {
        y += 15
        svg.text(8, y, line, "n")
      }
    }
    y += 20
    words.append(description)
  }

  /// The whole image; one that says so where nothing was drawn.
  mutating func document(id: String, hasStyle: Bool, nothing: String) -> String {
    if words.isEmpty {
      for line in SVG.lines("There is nothing to show: \(nothing).", width: width - 16) {
        y += 18
        svg.text(8, y, line, "t")
      }
      y += 12
      words.append("Nothing to show: \(nothing).")
    }
    return svg.document(
      width: width, height: y, id: id, title: title, description: words.joined(separator: " "),
      hasStyle: hasStyle)
  }
}
