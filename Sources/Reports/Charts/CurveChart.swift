// SPDX-License-Identifier: Apache-2.0
import Model

/// What a page costs along an axis of numbers: CPUs online, threads, pages a call. A curve for each backing.
enum CurveChart {
  static func title(_ axis: Axis) -> String {
    switch axis {
    case .online: "Cost against the number of CPUs online"
    case .batch: "Cost against the number of pages that one call covers"
    case .threads: "Cost against the number of threads"
    case .busy: "Cost against the number of busy CPUs"
    default: "Cost against \(axis.name)"
    }
  }

  private static func axisTitle(_ axis: Axis) -> String {
    switch axis {
    case .online: "CPUs online"
    case .batch: "pages a call"
    case .threads: "threads"
    case .busy: "busy CPUs"
    default: axis.name
    }
  }

  static func render(
    _ rows: [ChartRow], axis: Axis, width: Double, id: String, hasStyle: Bool = true, hasHeading: Bool = true
  ) -> String {
    var stack = PanelStack(width: width, title: title(axis), hasHeading: hasHeading)
    for panel in panels(rows, axis) { add(panel, axis, to: &stack) }
    return stack.document(
      id: id, hasStyle: hasStyle,
      nothing: "no operation was measured at several values of \(axisTitle(axis))")
  }

  /// Whether there is anything to show.
  static func hasCurves(_ rows: [ChartRow], axis: Axis) -> Bool { !panels(rows, axis).isEmpty }

  /// Those with two points at least. The region of several threads has pages of its own.
  private static func panels(_ rows: [ChartRow], _ axis: Axis) -> [ChartPanel] {
    let apart = [.backing, .flush, axis] + (axis == .threads ? [.pages] : [])
    let points = rows.filter { number($0, axis) != nil && $0.p50 != nil }
    return ChartPanel.all(points, apart: apart).filter { panel in
      Set(panel.rows.compactMap { number($0, axis) }).count > 1
    }
  }

  /// The number at the start of what the key has for the axis: `2` of `2:spin@1`.
  private static func number(_ row: ChartRow, _ axis: Axis) -> Double? {
    row.key[axis].flatMap { Int($0.prefix { $0.isNumber }) }.map(Double.init)
  }

  private struct Curve {
    var entry: PlotFrame.Entry
    var points: [(x: Double, estimate: ChartEstimate)]
  }

  /// The points of each backing and setting of the flush, in order.
  private static func curves(_ panel: ChartPanel, _ axis: Axis) -> [Curve] {
    var order: [String] = []
    var members: [String: [ChartRow]] = [:]
    for row in panel.rows {
      let name = row.key.without(axis).without(.pages).text
      if members[name] == nil { order.append(name) }
      members[name, default: []].append(row)
    }
    let firsts = order.compactMap { members[$0]?.first }
    let arms = firsts.map { row in
      row.backingLabel + (row.key[.flush].map { " flush=\(XMLText.plain($0))" } ?? "")
    }
    let entries = ChartPanel(title: "", rows: firsts, labels: arms).entries()
    return zip(order, entries).map { name, entry in
      let points = members[name, default: []].compactMap { row in
        number(row, axis).flatMap { x in row.p50.map { (x: x, estimate: $0) } }
      }
      return Curve(entry: entry, points: points.sorted { $0.x < $1.x })
    }
  }

  private static func add(_ panel: ChartPanel, _ axis: Axis, to stack: inout PanelStack) {
    let curves = curves(panel, axis)
    let points = curves.flatMap(\.points)
    let frame = PlotFrame(heading: panel.title, entries: curves.map(\.entry), width: stack.width)
    // Numbers that double are as far apart as those before; those from 0 cannot be on such an axis.
    let isLog = points.allSatisfy { $0.x > 0 }
    let numbers = Set(points.map(\.x)).sorted()
    let xScale = ChartScale(around: numbers, isLog: isLog, from: frame.left + 12, to: frame.right - 12)
    let yScale = ChartScale(
      around: points.flatMap {
        [$0.estimate.value, $0.estimate.low ?? $0.estimate.value, $0.estimate.high ?? $0.estimate.value]
      },
      isLog: true, from: stack.y + frame.bottom, to: stack.y + frame.top)
    let axes = Axes(frame: frame, x: xScale, y: yScale, numbers: numbers)
    stack.add(frame, notes: notes(curves), description: description(panel, curves, axis)) { svg, y in
      axes.draw(&svg, at: y, title: axisTitle(axis), panel)
      for curve in curves { draw(curve, axes, panel.unit, &svg) }
    }
  }

  /// A tick stands at each number that was measured.
  private struct Axes {
    let frame: PlotFrame
    let x: ChartScale
    let y: ChartScale
    let numbers: [Double]

    func draw(_ svg: inout SVG, at top: Double, title: String, _ panel: ChartPanel) {
      frame.drawAxes(
        &svg, at: top, x: x.with(ticks: numbers), y: y, xTitle: title,
        yTitle: "\(TickText.title(unit: panel.unit, isStolen: panel.isStolen)) (log)", xText: TickText.number,
        yText: { TickText.amount($0, unit: panel.unit) })
    }
  }

  private static func draw(_ curve: Curve, _ axes: Axes, _ unit: String, _ svg: inout SVG) {
    let style = "k\(curve.entry.colour)"
    var (line, intervals) = (Path(), Path())
    for (number, estimate) in curve.points {
      let x = axes.x.place(number)
      line.line(x, axes.y.place(estimate.value))
      guard let low = estimate.low, let high = estimate.high else { continue }
      for end in [low, high] {
        intervals.move(x - 4, axes.y.place(end))
        intervals.line(x + 4, axes.y.place(end))
      }
      intervals.move(x, axes.y.place(low))
      intervals.line(x, axes.y.place(high))
    }
    svg.path(line, "\(style) l" + (curve.entry.isDashed ? " o" : ""))
    svg.path(intervals, "\(style) l")
    for (number, estimate) in curve.points {
      var mark = Path()
      mark.mark(curve.entry.mark, axes.x.place(number), axes.y.place(estimate.value))
      svg.path(
        mark, "\(style) m",
        title:
          "\(curve.entry.label), \(TickText.number(number)): \(Figures.amount(estimate.value, unit: unit))")
    }
  }

  private static func notes(_ curves: [Curve]) -> [String] {
    let estimates = curves.flatMap { $0.points.map(\.estimate) }
    let open = estimates.count { $0.low == nil || $0.high == nil }
    let text = "Medians of all samples, with the 95 % interval from the blocks' medians."
    return [
      open == 0 ? text : text + " \(open) of \(estimates.count) points have no interval: too few blocks."
    ]
  }

  private static func description(_ panel: ChartPanel, _ curves: [Curve], _ axis: Axis) -> String {
    let texts = curves.map { curve in
      let points = curve.points.map {
        "\(Figures.amount($0.estimate.value, unit: panel.unit)) at \(TickText.number($0.x))"
      }
      return "\(curve.entry.label): \(points.joined(separator: ", "))"
    }
    return "\(panel.title), against \(axisTitle(axis)): \(texts.joined(separator: "; "))."
  }
}
