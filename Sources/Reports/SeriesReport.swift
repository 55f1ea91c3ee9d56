// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model
import Statistics

/// What `history list` and `history show` say.
public enum SeriesReport {
  /// The series of each machine, cases under headings.
  public static func list(_ outlines: [SeriesOutline], color: Bool) -> String {
    let style = Style(color: color)
    var machines: [String] = []
    for outline in outlines where machines.last != outline.series.machineKey {
      machines.append(outline.series.machineKey)
    }
    let parts = machines.map { machine in
      let own = outlines.filter { $0.series.machineKey == machine }
      return style.bold(machine) + "\n" + cases(own, style)
    }
    return parts.joined(separator: "\n") + "\(outlines.count) series on \(machines.count) machine keys\n"
  }

  private static func cases(_ outlines: [SeriesOutline], _ style: Style) -> String {
    let byKey = Dictionary(grouping: outlines, by: \.series.key)
    var keys: [String] = []
    for outline in outlines where !keys.contains(outline.series.key) { keys.append(outline.series.key) }
    return KeyGroup.make(keys).map { group in
      var table = TextTable([.left, .right, .right, .left], indent: 4)
      table.row(["", "points", "last", ""])
      for member in group.members {
        for outline in byKey[member.key] ?? [] {
          let last = outline.last.map { Figures.amount($0.value, unit: outline.series.unit) }
          table.row([
            member.label, "\(outline.points)", last ?? "-",
            [outline.last?.startedAt ?? "no figure in \(outline.runs) runs", outline.series.unit].joined(
              separator: "  "),
          ])
        }
      }
      return "  \(group.heading)\n" + table.render(style)
    }.joined()
  }

  /// A series' points, a line each, and a plot of them. What differs from the run before in the kernel is marked.
  ///
  /// - Parameter width: of the plot, in characters.
  public static func show(_ series: Series, _ points: [SeriesPoint], width: Int, color: Bool) -> String {
    let style = Style(color: color)
    var table = TextTable([.left, .left, .right, .left, .left, .right, .left])
    table.row(["started", "run", "p50", "95 % interval", "against the baseline", "blocks", ""])
    var kernel: String?
    for point in points {
      let isNewKernel = point.kernelRelease != kernel
      kernel = point.kernelRelease
      let remarks = [
        isNewKernel ? "Linux \(point.kernelRelease)" : nil,
        point.runStatus == "partial" ? "partial run" : nil,
        ["", CaseStatus.ok.rawValue].contains(point.status) ? nil : point.status,
        point.value == nil && !point.reason.isEmpty ? point.reason : nil,
      ]
      table.row([
        point.startedAt, point.runID, point.value.map { Figures.amount($0.value, unit: series.unit) } ?? "-",
        point.value.map { interval($0.interval, unit: series.unit) } ?? "",
        point.ratio.map { Figures.ratio($0.value, $0.interval) } ?? "", "\(point.blocks)",
        remarks.compactMap(\.self).joined(separator: "; "),
      ])
    }
    let heading = "\(series.key)\n\(series.machineKey)   \(series.unit), p50"
    return style.bold(heading) + "\n" + table.render(style)
      + SeriesPlot(points, unit: series.unit, width: width).render()
  }

  private static func interval(_ interval: Interval, unit: String) -> String {
    guard interval.isFinite else { return "" }
    return "[\(Figures.amount(interval.low, unit: unit)), \(Figures.amount(interval.high, unit: unit))]"
  }
}
