// SPDX-License-Identifier: Apache-2.0
import Model

/// How the values of each arm of an operation are distributed: the share that does not exceed a value. The vertical
/// axis gives the tail as much room as the rest, because the slow page is what a guest notices.
enum DistributionChart {
  static let title = "Distribution of each arm (cumulative)"

  static func render(
    _ rows: [ChartRow], width: Double, id: String, title: String = DistributionChart.title,
    hasStyle: Bool = true, hasHeading: Bool = true
  ) -> String {
    var stack = PanelStack(width: width, title: title, hasHeading: hasHeading)
    let shown = rows.filter { !$0.distribution.points.isEmpty }
    for panel in ChartPanel.all(shown, apart: [.backing, .flush, .replica]) { add(panel, to: &stack) }
    return stack.document(id: id, hasStyle: hasStyle, nothing: "no case has a distribution")
  }

  private static func add(_ panel: ChartPanel, to stack: inout PanelStack) {
    let distributions = panel.rows.map(\.distribution)
    let entries = panel.entries()
    let frame = PlotFrame(heading: panel.title, entries: entries, width: stack.width, yTickWidth: 44)
    let values = distributions.flatMap { $0.points.map(\.value) }
    let xScale = ChartScale(
      around: values, isLog: true, from: frame.left + 4, to: frame.right - 4,
      ticks: max(4, Int(frame.right - frame.left) / 70))
    let shares = Shares(bottom: stack.y + frame.bottom, top: stack.y + frame.top)
    let atEdge = values.count { $0 <= 0 }
    stack.add(frame, notes: notes(distributions, atEdge: atEdge), description: description(panel)) { svg, y in
      frame.drawAxes(
        &svg, at: y, x: xScale, y: shares.scale,
        xTitle: "\(TickText.title(unit: panel.unit, isStolen: panel.isStolen)) (logarithmic)",
        yTitle: "share that does not exceed it", xText: { TickText.amount($0, unit: panel.unit) },
        yText: { _ in "" })
      shares.draw(frame, &svg)
      for (entry, distribution) in zip(entries, distributions) {
        draw(distribution.points, entry, xScale, shares, &svg)
      }
    }
  }

  /// Steps up at each quantile. Where few are known, straight lines join them: they stand at the same heights in every
  /// arm, where steps would hide each other. The marks are p50 and p99.
  private static func draw(
    _ points: [ChartQuantile], _ entry: PlotFrame.Entry, _ xScale: ChartScale, _ shares: Shares,
    _ svg: inout SVG
  ) {
    var steps = Path()
    let isStepped = points.count > fewQuantiles
    var height = shares.place(points.first?.probability ?? 0)
    for point in points {
      if isStepped { steps.line(xScale.place(point.value), height) }
      height = shares.place(point.probability)
      steps.line(xScale.place(point.value), height)
    }
    svg.path(steps, "k\(entry.colour) l" + (entry.isDashed ? " o" : ""))
    for probability in [0.5, 0.99] {
      guard let point = points.first(where: { $0.probability >= probability - 1e-9 }) else { continue }
      var mark = Path()
      mark.mark(entry.mark, xScale.place(point.value), shares.place(probability))
      let name = probability == 0.5 ? "p50" : "p99"
      svg.path(mark, "k\(entry.colour) m", title: "\(entry.label): \(name)")
    }
  }

  private static let fewQuantiles = 10

  /// The vertical axis: equal room from each of its ticks to the next.
  private struct Shares {
    let bottom: Double
    let top: Double
    private static let ticks: [(share: Double, text: String)] = [
      (0, "0 %"), (0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (1, "100 %"),
    ]

    func place(_ share: Double) -> Double {
      let ticks = Self.ticks
      let last = ticks.count - 1
      let index = ticks.indices.dropLast().last { ticks[$0].share <= share } ?? 0
      let within = (share - ticks[index].share) / (ticks[index + 1].share - ticks[index].share)
      return bottom + (Double(index) + min(1, max(0, within))) / Double(last) * (top - bottom)
    }

    /// For the frame of the axes, which draws no ticks of its own then.
    var scale: ChartScale {
      ChartScale(low: 0, high: 1, isLog: false, from: bottom, to: top).with(ticks: [])
    }

    func draw(_ frame: PlotFrame, _ svg: inout SVG) {
      for (share, text) in Self.ticks {
        svg.line(frame.left, place(share), frame.right, place(share), "grid")
        svg.text(frame.left - 6, place(share) + 4, text, "d", .end)
      }
    }
  }

  private static func notes(_ distributions: [(points: [ChartQuantile], isOfBlocks: Bool)], atEdge: Int)
    -> [String]
  {
    let ofBlocks = distributions.count(where: \.isOfBlocks)
    var text = "Marks: p50 and p99. The scale of shares is stretched towards 100 %."
    if distributions.contains(where: { $0.points.count <= fewQuantiles }) {
      text += " Straight lines join the quantiles that are known (min, p50, p90, p99, p99.9, max)."
    }
    if ofBlocks > 0 {
      text +=
        " \(ofBlocks == distributions.count ? "All" : "\(ofBlocks)") of these arms have no quantiles of samples: "
      text += "they show the medians of their blocks."
    }
    if atEdge > 0 { text += " \(atEdge) values of 0 or less stand at the left edge." }
    return [text]
  }

  private static func description(_ panel: ChartPanel) -> String {
    let arms = zip(panel.rows, panel.labels).map { row, label in
      let points = row.distribution.points
      let texts = [(0.5, "p50"), (0.99, "p99"), (1, "max")].compactMap { probability, name in
        points.first { $0.probability >= probability - 1e-9 }
          .map { "\(name) \(Figures.amount($0.value, unit: panel.unit))" }
      }
      return "\(label): \(texts.joined(separator: ", "))"
    }
    return "\(panel.title): \(arms.joined(separator: "; "))."
  }
}
