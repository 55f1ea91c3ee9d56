// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

/// What every arm is of its baseline: the ratio and its 95 % interval, one line an arm, grouped by operation, on one
/// logarithmic axis. What has a figure and no ratio has a line too.
struct OverviewChart {
  static let title = "Ratio to the baseline, with its 95 % interval"

  private let width: Double
  private let panels: [ChartPanel]
  private let missing: [String: [ChartRow]]
  private let labelWidth: Double
  private let valueWidth: Double
  private let scale: ChartScale
  /// A narrow chart has each label above its interval.
  private let isNarrow: Bool
  private var svg = SVG()
  private var y = 0.0
  private var words: [String] = []

  init(_ run: ChartRun, width: Double) {
    self.width = width
    isNarrow = width < 560
    panels = ChartPanel.operations(run.rows.filter(\.hasFigure))
    missing = Dictionary(grouping: run.rows.filter { !$0.hasFigure }, by: \.title)
    let longest = panels.flatMap(\.labels).map { SVG.width(of: $0) }.max() ?? 0
    labelWidth = isNarrow ? 0 : min(longest + 24, width * 0.45)
    valueWidth = isNarrow ? 0 : 196
    let bounds = panels.flatMap(\.rows).compactMap(\.ratio)
      .flatMap { [$0.value, $0.low ?? $0.value, $0.high ?? $0.value] }
    let (start, end) = (labelWidth + 8, width - valueWidth - 12)
    scale = ChartScale(
      around: bounds + [0.9, 1.1], isLog: true, from: start, to: end,
      ticks: max(4, Int((end - start) / 60)))
  }

  /// The image; what it shows in words is its description.
  mutating func render(id: String, hasStyle: Bool = true) -> String {
    y = 22
    svg.text(8, y, Self.title, "h")
    for line in SVG.lines(note, width: width - 16, size: 11) {
      y += 16
      svg.text(8, y, line, "n")
    }
    if panels.isEmpty {
      y += 30
      svg.text(8, y, "There is nothing to show: no case of this run has a figure.", "t")
      y += 8
    }
    if panels.count > 1 { axis() }
    for panel in panels { group(panel) }
    if !panels.isEmpty { axis() }
    unmeasured()
    return svg.document(
      width: width, height: y + 14, id: id, title: Self.title,
      description: words.isEmpty
        ? "Nothing to show: no case of this run has a figure." : words.joined(separator: " "),
      hasStyle: hasStyle)
  }

  private var note: String {
    var note =
      "◆ is the baseline of an operation. Left of 1 is cheaper, right of 1 dearer; an interval across 1 is not "
    note += "told apart. An arrow: no bound yet."
    let ratios = panels.flatMap(\.rows).filter { $0.ratio != nil }
    let adjusted = ratios.count(where: \.isAdjusted)
    if adjusted > 0 {
      note +=
        " \(adjusted) of \(ratios.count) ratios are adjusted to the run's median state of the machine, because its "
      note += "probes explain some of what moved."
    }
    return note
  }

  private mutating func group(_ panel: ChartPanel) {
    y += 30
    svg.text(8, y, SVG.fitted(panel.title, width: width - 16, size: 13), "h")
    let unit = TickText.title(unit: panel.unit, isStolen: panel.isStolen)
    if !isNarrow { svg.text(width - 8, y, "ratio [95 % interval]   (median \(unit))", "n", .end) }
    y += 8
    let top = y
    var rows = SVG()
    let baselines = Set(panel.rows.map(\.baseline))
    for (index, row) in panel.rows.enumerated() {
      let isBaseline = row.ratio == nil && baselines.contains(row.key.text)
      rows.append(line(row, label: panel.labels[index], isBaseline: isBaseline, colour: row.colour(index)))
      words.append("\(panel.title), \(panel.labels[index]): \(figures(row, isBaseline)).")
    }
    if !isNarrow { grid(from: top, to: y, into: &svg) }
    svg.append(rows)
  }

  private func grid(from top: Double, to bottom: Double, into svg: inout SVG) {
    for tick in scale.ticks { svg.line(scale.place(tick), top, scale.place(tick), bottom, "grid") }
    svg.line(scale.place(1), top, scale.place(1), bottom, "one")
  }

  private mutating func line(_ row: ChartRow, label: String, isBaseline: Bool, colour: Int) -> SVG {
    var line = SVG()
    let text = figures(row, isBaseline)
    var middle = y + 11
    if isNarrow {
      // The label, its figures below it, and then the interval.
      let labels = SVG.lines(label, width: width - 16)
      for (index, text) in labels.enumerated() {
        line.text(8, y + 12 + Double(index) * 14, SVG.fitted(text, width: width - 16), "t")
      }
      let under = y + Double(labels.count) * 14
      line.text(8, under + 12, text, "n")
      middle = under + 25
      line.line(scale.start, middle, scale.end, middle, "grid")
      grid(from: middle - 7, to: middle + 7, into: &line)
    } else {
      line.text(8, middle + 4, SVG.fitted(label, width: labelWidth - 8), "t")
      line.text(width - valueWidth, middle + 4, text, "n")
    }
    if isBaseline {
      var mark = Path()
      mark.mark(.diamond, scale.place(1), middle)
      line.path(mark, "k\(colour) m", title: "\(label): \(text)")
    } else if let ratio = row.ratio {
      interval(ratio, at: middle, colour: colour, title: "\(label): \(text)", into: &line)
    }
    y = middle + (isNarrow ? 14 : 11)
    return line
  }

  private func interval(
    _ ratio: ChartEstimate, at middle: Double, colour: Int, title: String, into line: inout SVG
  ) {
    var bar = Path()
    let low = ratio.low.map(scale.place) ?? scale.start
    let high = ratio.high.map(scale.place) ?? scale.end
    bar.move(low, middle)
    bar.line(high, middle)
    line.path(bar, "k\(colour) w" + (ratio.low == nil || ratio.high == nil ? " o" : ""))
    var ends = Path()
    for (place, isKnown, inwards) in [(low, ratio.low != nil, 5.0), (high, ratio.high != nil, -5.0)] {
      if isKnown {
        ends.move(place, middle - 4)
        ends.line(place, middle + 4)
      } else {
        ends.move(place + inwards, middle - 4)
        ends.line(place, middle)
        ends.line(place + inwards, middle + 4)
      }
    }
    line.path(ends, "k\(colour) l")
    var mark = Path()
    mark.mark(Mark.allCases[colour % Mark.allCases.count], scale.place(ratio.value), middle)
    line.path(mark, "k\(colour) m", title: title)
  }

  private func figures(_ row: ChartRow, _ isBaseline: Bool) -> String {
    let value = row.p50.map { "\(Figures.amount($0.value, unit: row.unit))" } ?? ""
    if isBaseline { return "baseline  (\(value))" }
    guard let ratio = row.ratio else {
      let added = row.shift.map { ", \(Figures.shift($0.value, unit: row.unit))" } ?? ""
      return "no ratio  (\(value)\(added))"
    }
    return ratio.text + "  (\(value))"
  }

  /// Cases without a figure, by operation: a chart that left them out would look complete.
  private mutating func unmeasured() {
    let titles = missing.keys.sorted()
    guard !titles.isEmpty else { return }
    y += 22
    svg.text(8, y, "Without a figure (why: see the table)", "h")
    for title in titles {
      let rows = missing[title, default: []]
      let names = rows.map(\.backingLabel).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      let text = "\(XMLText.plain(title)): \(names.joined(separator: ", "))"
      words.append("Without a figure: \(text).")
      for line in SVG.lines(text, width: width - 16, size: 11) {
        y += 16
        svg.text(8, y, line, "n")
      }
    }
    y += 4
  }

  private mutating func axis() {
    y += 14
    svg.line(scale.start, y, scale.end, y, "axis")
    for tick in scale.ticks {
      svg.line(scale.place(tick), y, scale.place(tick), y + 4, "axis")
      svg.text(scale.place(tick), y + 17, "×\(TickText.number(tick))", "d", .middle)
    }
    y += 34
    let title = "times the baseline (logarithmic)"
    svg.text((scale.start + scale.end) / 2, y, title, "d", .middle)
  }
}

extension ChartEstimate {
  /// `×1.33 [1.31, 1.36]`; an interval that is open on either side is none.
  var text: String {
    guard let low, let high else { return "\(Figures.ratio(value)) (no interval)" }
    return Figures.ratio(value, .init(low: low, high: high))
  }
}
