// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// The curves of `tlb-flush states` and `targets`: a table for each backing, a row for each number of CPUs.
public enum FlushCurve {
  /// Fewer points than these do not show how a cost scales.
  private static let leastPoints = 4

  /// Empty where no curve was measured.
  public static func render(_ report: RunReport, color: Bool) -> String {
    let style = Style(color: color)
    var order: [Heading] = []
    var members: [Heading: [Summary]] = [:]
    for summary in report.summaries where summary.armAxis.isCurve {
      let heading = Heading(summary)
      if members[heading] == nil { order.append(heading) }
      members[heading, default: []].append(summary)
    }
    return order.map { style.bold($0.text) + "\n" + curves(members[$0] ?? [], style) }.joined(separator: "\n")
  }

  /// What the curves of a group have in common.
  private struct Heading: Hashable {
    var point: Case
    var state: BusyState?
    var unit: SampleUnit

    init(_ summary: Summary) {
      point = summary.measuredCase.without(.backing, .busy, .online)
      state = summary.measuredCase.busy?.state
      unit = summary.unit
    }

    var text: String {
      let others = Axis.others.label(of: point)
      let parts = [
        "\(point.benchmark) \(point.operation)",
        state.map { "\(others) but those busy with \($0.rawValue)" } ?? others,
        "\(Figures.count(point.pages)) pages, CPU node \(point.cpuNode), memory node \(point.memoryNode)",
        unit == .instructions ? "instructions per page, over all CPUs" : "per page",
      ]
      return parts.joined(separator: "   ")
    }
  }

  private static func curves(_ group: [Summary], _ style: Style) -> String {
    Backing.allCases.map { backing in
      let curve = group.filter { $0.measuredCase.backing == backing }
      guard let first = curve.first else { return "" }
      let reasons = Set(curve.map { $0.reason ?? "" })
      if !curve.contains(where: \.hasFigure), reasons.count == 1 {
        return "  \(backing.label)  " + style.dim("\(first.status.rawValue): \(first.reason ?? "")") + "\n"
      }
      return "  \(backing.label)\n" + table(curve).render(style) + scaling(curve, style)
    }.joined()
  }

  private static func table(_ curve: [Summary]) -> TextTable {
    let numbers = [TextTable.Alignment](repeating: .right, count: 9)
    var table = TextTable([.left] + numbers + [.left, .left], indent: 4)
    table.row([
      curve.first?.armAxis.axis.name ?? "", "p50", "p99", "stolen p50", "p99", "gap p50", "p99",
      "refill", "gaps", "CAL", "flush by", "against the control",
    ])
    for summary in curve {
      guard summary.hasFigure, let p50 = summary.samples.quantile(0.5),
        let p99 = summary.samples.quantile(0.99)
      else {
        table.note(summary.pointLabel, "\(summary.status.rawValue): \(summary.reason ?? "no figure")")
        continue
      }
      table.row(
        [summary.pointLabel, Figures.amount(p50, summary.unit), Figures.amount(p99, summary.unit)]
          + bystanders(summary) + [
            summary.interruptsPerPage.map { Figures.fixed($0, 2) } ?? "", summary.mechanism?.rawValue ?? "",
            [summary.effectText, summary.caution, unseen(summary)].compactMap { $0 }.joined(separator: "  "),
          ])
    }
    return table
  }

  /// What one busy CPU lost a page, how long an interruption of it was, what that left to fetch again, and how many
  /// there were of each a page.
  private static func bystanders(_ summary: Summary) -> [String] {
    guard let figures = summary.bystanders, figures.observations > 0 else {
      return Array(repeating: "", count: 6)
    }
    let pages = Double(summary.measuredCase.pages)
    func time(_ value: Double?) -> String { value.map(Figures.time) ?? "" }
    func stolen(_ p: Double) -> String { time(figures.stolen.quantile(p).map { $0 / pages }) }
    return [
      stolen(0.5), stolen(0.99), time(figures.gaps.quantile(0.5)), time(figures.gaps.quantile(0.99)),
      time(figures.refill?.value), summary.gapsPerPage.map { Figures.fixed($0, 2) } ?? "",
    ]
  }

  /// A busy CPU that runs other work as well books the time that this takes, but not the flushes that hit it.
  private static func unseen(_ summary: Summary) -> String? {
    guard summary.mechanism == .ipi, let gaps = summary.gapsPerPage, gaps < 0.9 else { return nil }
    return "busy CPUs saw \(Figures.percent(gaps)) % of the flushes: other work ran there"
  }

  /// A line through the curve, where it has points enough to tell one, and how far they lie off it. A point whose
  /// blocks bear no interval is none.
  private static func scaling(_ curve: [Summary], _ style: Style) -> String {
    let points = curve.filter { $0.estimates.medianInterval?.isFinite == true }.compactMap { summary in
      summary.samples.quantile(0.5).map { (x: Double(summary.pointCount), y: $0) }
    }
    let unit = curve[0].unit
    let numbers = Set(points.map(\.x)).count
    guard numbers >= leastPoints, let line = Line(through: points) else {
      let text = "\(numbers) points have an interval: how the cost scales takes \(leastPoints) at least"
      return "    " + style.dim(text) + "\n"
    }
    let off = points.map { abs($0.y - line.intercept - line.slope * $0.x) }.max() ?? 0
    let what = curve[0].armAxis.axis.name
    return "    "
      + style.dim(
        "a line through \(numbers) numbers of CPUs: \(Figures.shift(line.slope, unit)) for each further \(what) one; "
          + "no point is more than \(Figures.amount(off, unit)) off it") + "\n"
  }
}

extension Summary {
  /// How many CPUs this point of a curve is about.
  fileprivate var pointCount: Int {
    (armAxis == .busy ? measuredCase.busy?.count : measuredCase.online) ?? 0
  }

  fileprivate var pointLabel: String {
    guard armAxis == .busy, let node = measuredCase.busy?.node else { return "\(pointCount)" }
    return "\(pointCount) on node \(node)"
  }

  /// Interruptions of one busy CPU a page.
  fileprivate var gapsPerPage: Double? {
    guard let bystanders, bystanders.observations > 0, let gaps else { return nil }
    return Double(gaps) / Double(bystanders.observations) / Double(measuredCase.pages)
  }

  /// Function call interrupts a page, over all CPUs.
  fileprivate var interruptsPerPage: Double? {
    let pages = Double(blocks * measuredCase.pages)
    guard pages > 0 else { return nil }
    return counters.calInterrupts.map { Double($0.reduce(0, +)) / pages }
  }
}
