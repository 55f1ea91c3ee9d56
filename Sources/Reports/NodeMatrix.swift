// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// What the distance between a faulting CPU and its memory costs: a matrix for each operation and backing that was
/// measured on more than one pair of nodes.
///
/// Each pair is a case of its own and is never pooled with another. A ratio is against the same CPU with memory of its
/// own node, in the same rounds, with its 95 % interval.
enum NodeMatrix {
  /// Empty where there was one pair.
  static func render(_ report: RunReport, color: Bool) -> String {
    let style = Style(color: color)
    var order: [Case] = []
    var matrices: [Case: [NodePair: Summary]] = [:]
    for summary in report.summaries where summary.hasFigure && summary.armAxis == .backing {
      let measured = summary.measuredCase
      let pair = NodePair(cpuNode: measured.cpuNode, memoryNode: measured.memoryNode)
      let point = measured.without(.cpuNode, .memoryNode)
      if matrices[point] == nil { order.append(point) }
      matrices[point, default: [:]][pair] = summary
    }
    let shown = order.filter { matrices[$0, default: [:]].count > 1 }
    guard !shown.isEmpty else { return "" }
    let intro =
      style.bold("By nodes: p50, the ratio to memory of the CPU's own node, and the distance (10 = local)")
      + "\n"
    return intro + shown.map { matrix($0, matrices[$0, default: [:]], report, style) }.joined()
  }

  private static func matrix(
    _ point: Case, _ cells: [NodePair: Summary], _ report: RunReport, _ style: Style
  ) -> String {
    let cpuNodes = Set(cells.keys.map(\.cpuNode)).sorted()
    let memoryNodes = Set(cells.keys.map(\.memoryNode)).sorted()
    var table = TextTable([.left] + memoryNodes.map { _ in .left })
    table.row([""] + memoryNodes.map { "memory of node \($0)" })
    for cpuNode in cpuNodes {
      table.row(
        ["CPU of node \(cpuNode)"]
          + memoryNodes.map { memoryNode in
            let pair = NodePair(cpuNode: cpuNode, memoryNode: memoryNode)
            return cells[pair].map { cell($0, distance: report.context.nodeDistances[pair]) } ?? ""
          })
    }
    let heading =
      "\(point.benchmark) \(point.operation), \(point.backing.label), \(Axis.others.label(of: point))"
    return heading + "\n" + table.render(style) + together(cells)
  }

  private static func cell(_ summary: Summary, distance: Int?) -> String {
    var parts: [String] = []
    if let p50 = summary.samples.median { parts.append(Figures.amount(p50, summary.unit)) }
    if let ratio = summary.localEffect?.ratio { parts.append(Figures.ratio(ratio.value, ratio.interval)) }
    if let distance, distance > 0 { parts.append("(\(distance))") }
    if summary.invalidBlocks > 0 { parts.append("\(summary.invalidBlocks) blocks invalid") }
    return parts.joined(separator: " ")
  }

  /// Pairs first, then all of a kind with equal weight: pairs with more samples do not count for more.
  private static func together(_ cells: [NodePair: Summary]) -> String {
    func mean(_ isLocal: Bool) -> (count: Int, value: Double)? {
      let values = cells.filter { ($0.key.cpuNode == $0.key.memoryNode) == isLocal }.compactMap(
        \.value.samples.median)
      return values.isEmpty ? nil : (values.count, values.reduce(0, +) / Double(values.count))
    }
    guard let unit = cells.values.first?.unit, let local = mean(true), let remote = mean(false) else {
      return ""
    }
    let ratios = cells.values.compactMap(\.localEffect?.ratio?.value)
    let range =
      ratios.isEmpty
      ? "" : ", ×\(Figures.fixed(ratios.min() ?? 1, 2)) to ×\(Figures.fixed(ratios.max() ?? 1, 2))"
    return "  each pair weighing the same: local \(Figures.amount(local.value, unit)) (\(local.count)), "
      + "remote \(Figures.amount(remote.value, unit)) (\(remote.count)\(range))\n"
  }
}
