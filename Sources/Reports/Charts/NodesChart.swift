// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model

/// The median for each pair of a CPU's node and a memory's: one map for each operation and backing that was measured on
/// several pairs. The stronger a cell's colour, the dearer it is among those of its own map.
struct NodesChart {
  static let title = "Median by the node of the CPU and the node of the memory"

  private static let height = 38.0
  private static let left = 56.0
  private var svg = SVG()
  private let width: Double
  private var words: [String] = []
  // Where the next map begins, and where the next line of maps does.
  private var x = 0.0
  private var y = 0.0
  private var below = 0.0

  /// Whether there is anything to show.
  static func hasMaps(_ rows: [ChartRow]) -> Bool { !panels(rows).isEmpty }

  static func render(_ rows: [ChartRow], width: Double, id: String, hasStyle: Bool = true) -> String {
    var chart = NodesChart(width: width)
    let panels = panels(rows)
    for panel in panels { chart.add(panel) }
    return chart.document(id: id, hasStyle: hasStyle)
  }

  private init(width: Double) {
    self.width = width
    var bottom = 5.0
    for line in SVG.lines(Self.title, width: width - 16, size: 13) {
      bottom += 17
      svg.text(8, bottom, line, "h")
    }
    let note = "The stronger the colour, the dearer within the map. “of local”: medians, without an interval."
    for line in SVG.lines(note, width: width - 16, size: 11) {
      bottom += 16
      svg.text(8, bottom, line, "n")
    }
    y = bottom + 14
    below = y
  }

  private static func panels(_ rows: [ChartRow]) -> [ChartPanel] {
    ChartPanel.all(rows.filter { $0.p50 != nil && pair($0) != nil }, apart: [.cpuNode, .memoryNode]).filter {
      Set($0.rows.compactMap(pair)).count > 1
    }
  }

  private static func pair(_ row: ChartRow) -> NodePair? {
    guard let cpu = row.key[.cpuNode].flatMap({ Int($0) }),
      let memory = row.key[.memoryNode].flatMap({ Int($0) })
    else { return nil }
    return NodePair(cpuNode: cpu, memoryNode: memory)
  }

  private mutating func add(_ panel: ChartPanel) {
    var cells: [NodePair: Double] = [:]
    for row in panel.rows { if let pair = Self.pair(row) { cells[pair] = row.p50?.value } }
    let cpuNodes = Set(cells.keys.map(\.cpuNode)).sorted()
    let memoryNodes = Set(cells.keys.map(\.memoryNode)).sorted()
    let backing = panel.rows.first?.backingLabel ?? ""
    let cell = min(104, (width - Self.left - 8) / Double(memoryNodes.count))
    let space = max(Self.left + Double(memoryNodes.count) * cell, 250)
    if x > 0, x + space > width { (x, y) = (0, below) }
    let heading = SVG.lines("\(panel.title), \(backing)", width: space - 12, size: 13)
    for (index, line) in heading.enumerated() { svg.text(x + 8, y + 14 + Double(index) * 17, line, "h") }
    let top = y + Double(heading.count) * 17 + 26
    for (column, node) in memoryNodes.enumerated() {
      let middle = x + Self.left + (Double(column) + 0.5) * cell
      svg.text(middle, top - 6, cell < 64 ? "m. \(node)" : "memory \(node)", "d", .middle)
    }
    for (line, cpuNode) in cpuNodes.enumerated() {
      let middle = top + (Double(line) + 0.5) * Self.height
      svg.text(x + Self.left - 8, middle + 4, "CPU \(cpuNode)", "d", .end)
      for (column, memoryNode) in memoryNodes.enumerated() {
        let pair = NodePair(cpuNode: cpuNode, memoryNode: memoryNode)
        guard let value = cells[pair] else { continue }
        let local = cells[NodePair(cpuNode: cpuNode, memoryNode: cpuNode)]
        draw(
          value, local: pair.cpuNode == pair.memoryNode ? nil : local, shade: Self.shade(value, in: cells),
          unit: panel.unit, x: x + Self.left + Double(column) * cell, middle: middle, width: cell)
        words.append(
          "\(panel.title), \(backing), CPU of node \(cpuNode), memory of node \(memoryNode): "
            + "\(Figures.amount(value, unit: panel.unit)).")
      }
    }
    x += space + 12
    below = max(below, top + Double(cpuNodes.count) * Self.height + 24)
  }

  /// 0 for the cheapest cell of a map, 1 for the dearest; differences under a tenth stay pale.
  private static func shade(_ value: Double, in cells: [NodePair: Double]) -> Double {
    guard let low = cells.values.min(), let high = cells.values.max(), low > 0, value > 0 else { return 0 }
    let range = max(log(high / low), log(1.1))
    let shade = log(value / low) / range
    return shade.isFinite ? min(1, max(0, shade)) : 0
  }

  private mutating func draw(
    _ value: Double, local: Double?, shade: Double, unit: String, x: Double, middle: Double,
    width: Double
  ) {
    svg.rectangle(
      x: x, y: middle - Self.height / 2, width: width, height: Self.height,
      "heat cell", opacity: 0.06 + 0.5 * shade)
    svg.text(
      x + width / 2, middle - 1, Figures.amount(value, unit: unit), width < 64 ? "n" : "t", .middle)
    let remark = local.map { $0 > 0 ? Figures.ratio(value / $0) + (width < 90 ? "" : " of local") : "" } ?? ""
    if !remark.isEmpty { svg.text(x + width / 2, middle + 13, remark, "n", .middle) }
  }

  private mutating func document(id: String, hasStyle: Bool) -> String {
    if words.isEmpty {
      words.append("Nothing to show: no operation was measured on several pairs of nodes.")
      for line in SVG.lines(
        "There is nothing to show: no operation was measured on several pairs of nodes.", width: width - 16)
      {
        svg.text(8, below + 10, line, "t")
        below += 18
      }
    }
    return svg.document(
      width: width, height: below + 6, id: id, title: Self.title, description: words.joined(separator: " "),
      hasStyle: hasStyle)
  }
}
