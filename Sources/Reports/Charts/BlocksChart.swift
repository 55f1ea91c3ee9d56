// SPDX-License-Identifier: Apache-2.0
import Model

/// The blocks' medians of each operation in the order of time, the passes shaded: drift, jumps and lone blocks show here.
enum BlocksChart {
  static let title = "Median of every block, in order of time"

  static func render(
    _ rows: [ChartRow], width: Double, id: String, hasStyle: Bool = true, hasHeading: Bool = true
  ) -> String {
    var stack = PanelStack(width: width, title: title, hasHeading: hasHeading)
    for panel in ChartPanel.all(rows.filter { !$0.blocks.isEmpty }, apart: [.backing, .flush, .replica]) {
      add(panel, to: &stack)
    }
    return stack.document(
      id: id, hasStyle: hasStyle, nothing: "no block of these cases counts, or blocks.csv is missing")
  }

  private static func add(_ panel: ChartPanel, to stack: inout PanelStack) {
    let blocks = panel.rows.flatMap(\.blocks)
    let entries = panel.entries(counting: true)
    let frame = PlotFrame(heading: panel.title, entries: entries, width: stack.width)
    let time = Time(blocks)
    let times = ChartScale(
      around: blocks.map(time.of), isLog: false, from: frame.left + 4, to: frame.right - 4,
      ticks: max(3, Int(frame.right - frame.left) / 80))
    let medians = blocks.map(\.median)
    let values = ChartScale(
      around: medians, isLog: true, from: stack.y + frame.bottom, to: stack.y + frame.top)
    let drawn = panel.rows.map { thinned($0.blocks, column: { Int(times.place(time.of($0)) / 1.5) }) }
    stack.add(
      frame,
      notes: notes(panel, drawn: drawn.reduce(0) { $0 + $1.count }, atEdge: medians.count { $0 <= 0 }),
      description: description(panel)
    ) { svg, y in
      let passes = bands(blocks, time, times)
      shade(passes, frame, y, &svg)
      frame.drawAxes(
        &svg, at: y, x: times, y: values, xTitle: time.title,
        yTitle: "\(TickText.title(unit: panel.unit, isStolen: panel.isStolen)) (log)",
        xText: TickText.number, yText: { TickText.amount($0, unit: panel.unit) })
      for (entry, blocks) in zip(entries, drawn) {
        var path = Path()
        for block in blocks { path.mark(entry.mark, times.place(time.of(block)), values.place(block.median)) }
        svg.path(path, "k\(entry.colour) s")
      }
    }
  }

  /// Where blocks stand on the axis of time. Without recorded times the order of the file stands in for them.
  private struct Time {
    private let hasTimes: Bool
    private let ranks: [Int: Double]

    init(_ blocks: [ChartBlock]) {
      hasTimes = blocks.allSatisfy { $0.started != nil }
      let order = hasTimes ? [] : blocks.map(\.order).sorted()
      ranks = Dictionary(order.enumerated().map { ($1, Double($0 + 1)) }) { first, _ in first }
    }

    func of(_ block: ChartBlock) -> Double {
      hasTimes ? block.started ?? 0 : ranks[block.order, default: 0]
    }

    var title: String {
      hasTimes ? "time since the start of the run (s)" : "blocks, in the order of the file"
    }
  }

  /// Of each column of pixels the lowest and the highest block: what is left away lies between them.
  ///
  /// A few blocks stay as they are.
  static func thinned(_ blocks: [ChartBlock], column: (ChartBlock) -> Int) -> [ChartBlock] {
    guard blocks.count > 400 else { return blocks }
    var kept: [ChartBlock] = []
    var open: (column: Int, low: ChartBlock, high: ChartBlock)?
    func close() {
      guard let open else { return }
      kept.append(open.low)
      if open.low != open.high { kept.append(open.high) }
    }
    for block in blocks {
      let place = column(block)
      guard let current = open, current.column == place else {
        close()
        open = (place, block, block)
        continue
      }
      if block.median < current.low.median { open?.low = block }
      if block.median > current.high.median { open?.high = block }
    }
    close()
    return kept
  }

  private struct Band {
    var pass: Int
    var start: Double
    var end: Double
  }

  /// From the first to the last block of each pass; a pass that comes back later has another band.
  private static func bands(_ blocks: [ChartBlock], _ time: Time, _ times: ChartScale) -> [Band] {
    var bands: [Band] = []
    for block in blocks.sorted(by: { $0.order < $1.order }) {
      guard let pass = block.pass else { continue }
      let place = times.place(time.of(block))
      if let last = bands.last, last.pass == pass {
        bands[bands.count - 1].end = max(last.end, place)
      } else {
        bands.append(Band(pass: pass, start: place, end: place))
      }
    }
    // Passes that take turns all the time shade nothing that an eye could tell apart.
    return bands.count > 300 ? [] : bands
  }

  private static func shade(_ bands: [Band], _ frame: PlotFrame, _ y: Double, _ svg: inout SVG) {
    var free = -Double.infinity
    // Passes without a gap between them are shaded in turns: their bands would run into one.
    var shadedEnd = -Double.infinity
    for band in bands {
      let start = max(frame.left, band.start - 4)
      let width = min(frame.right, band.end + 4) - start
      if start > shadedEnd {
        svg.rectangle(x: start, y: y + frame.top, width: width, height: frame.plotHeight, "band")
        shadedEnd = start + width
      }
      let text = "pass \(band.pass)"
      let middle = start + width / 2
      let half = SVG.width(of: text, size: 11) / 2
      guard middle - half > free, middle + half < frame.width else { continue }
      svg.text(middle, y + frame.top - 4, text, "n", .middle)
      free = middle + half + 6
    }
  }

  private static func notes(_ panel: ChartPanel, drawn: Int, atEdge: Int) -> [String] {
    let blocks = panel.rows.reduce(0) { $0 + $1.blocks.count }
    let warmUps = panel.rows.reduce(0) { $0 + $1.warmUps }
    let invalid = panel.rows.reduce(0) { $0 + $1.invalid }
    var text =
      drawn == blocks
      ? "All \(Figures.count(blocks)) blocks that count are drawn."
      : "\(Figures.count(drawn)) of \(Figures.count(blocks)) blocks that count are drawn: of each arm and column of "
        + "pixels the lowest and the highest."
    if warmUps + invalid > 0 {
      text += " Not drawn: \(Figures.count(warmUps)) warm-ups, \(Figures.count(invalid)) invalid."
    }
    if atEdge > 0 { text += " \(Figures.count(atEdge)) of 0 or less stand at the lower edge." }
    return [text]
  }

  private static func description(_ panel: ChartPanel) -> String {
    let arms = zip(panel.rows, panel.labels).map { row, label in
      let medians = row.blocks.map(\.median)
      let ends = [medians.min() ?? 0, medians.max() ?? 0].map { Figures.amount($0, unit: panel.unit) }
      return "\(label): \(Figures.count(medians.count)) blocks, \(ends[0]) to \(ends[1])"
    }
    return "\(panel.title): \(arms.joined(separator: "; "))."
  }
}
