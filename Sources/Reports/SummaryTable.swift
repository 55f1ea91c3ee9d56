// SPDX-License-Identifier: Apache-2.0
import Model
import Records

/// The text table: one group of arms after the other, each against its baseline.
public enum SummaryTable {
  /// All groups in the order in which they were planned.
  /// `color` asks for bold headings and dim reasons.
  public static func render(_ report: RunReport, color: Bool) -> String {
    let style = Style(color: color)
    var parts: [String] = []
    // The same reason under every benchmark would bury the figures: it stands once for each backing.
    var told: Set<Told> = []
    parts += groups(report.summaries.filter { !$0.armAxis.isCurve }).map { render($0, style, &told) }
    return parts.joined(separator: "\n")
  }

  private struct Told: Hashable {
    var label: String
    var refusal: String
  }

  /// What the arms of a group have in common.
  private struct Group: Hashable {
    var point: Case
    var axis: ArmAxis

    init(_ summary: Summary) {
      axis = summary.armAxis
      // Without the axis in which the arms differ.
      point = summary.measuredCase.without(axis.axis)
    }
  }

  /// Rows whose arms belong together.
  static func groups(_ summaries: [Summary]) -> [[Summary]] {
    var order: [Group] = []
    var members: [Group: [Summary]] = [:]
    for summary in summaries {
      let group = Group(summary)
      if members[group] == nil { order.append(group) }
      members[group, default: []].append(summary)
    }
    return order.compactMap { members[$0] }
  }

  private static func render(_ group: [Summary], _ style: Style, _ told: inout Set<Told>) -> String {
    guard let first = group.first else { return "" }
    let hasFigures = group.contains(where: \.hasFigure)
    var table = TextTable([.left, .right, .right, .right, .left])
    if hasFigures { table.row(["", "p50", "p99", "mean", "against the baseline"]) }
    let baselines = Set(group.compactMap(\.baseline))
    for summary in group {
      guard summary.hasFigure, let figures = SampleFigures(summary.samples) else {
        let refusal = refusal(summary)
        let isNew = told.insert(Told(label: summary.armLabel, refusal: refusal)).inserted
        table.note(summary.armLabel, isNew ? refusal : "\(summary.status.rawValue), as above")
        continue
      }
      let isBaseline =
        summary.baseline == summary.measuredCase
        || summary.baseline == nil && baselines.contains(summary.measuredCase)
      let remarks = [isBaseline ? "baseline" : summary.effectText, summary.caution]
      table.row([
        summary.armLabel, Figures.amount(figures.p50, summary.unit),
        Figures.amount(figures.p99, summary.unit),
        summary.samples.mean.map { Figures.amount($0, summary.unit) } ?? "",
        remarks.compactMap { $0 }.joined(separator: "  "),
      ])
      for note in [summary.levelText, summary.interruptText, summary.reason].compactMap({ $0 }) {
        table.note("", note)
      }
    }
    return style.bold(heading(first)) + "\n" + table.render(style)
  }

  /// Why there is no figure; the reason carries its remedy.
  private static func refusal(_ summary: Summary) -> String {
    let word = summary.hasFigure || summary.status != .ok ? summary.status.rawValue : "no figure"
    let invalid = summary.invalidBlocks > 0 ? "\(summary.invalidBlocks) invalid blocks" : nil
    let details = [summary.reason, invalid].compactMap { $0 }
    return details.isEmpty ? "\(word): nothing was measured" : "\(word): \(details.joined(separator: "; "))"
  }

  private static func heading(_ summary: Summary) -> String {
    let point = summary.measuredCase
    var parts = ["\(point.benchmark) \(point.operation)"]
    if summary.armAxis != .backing { parts.append(point.backing.label) }
    if summary.armAxis != .others { parts.append(Axis.others.label(of: point)) }
    parts.append(place(point, withThreads: summary.armAxis != .threads))
    parts.append(summary.unitText)
    return parts.joined(separator: "   ")
  }

  /// `fault-in touch, spin`: the operation, and what departs from the plain case.
  static func shortHeading(_ summary: Summary) -> String {
    let point = summary.measuredCase
    let nodes = point.cpuNode == point.memoryNode ? nil : "nodes \(point.cpuNode)/\(point.memoryNode)"
    let own = summary.armAxis == .backing ? nil : summary.armLabel
    let others = summary.armAxis == .others ? nil : point.others.rawValue
    let named = Axis.all.filter { $0 != .threads && $0 != summary.armAxis.axis }.compactMap {
      $0.words(of: point)
    }
    let parts = ["\(point.benchmark) \(point.operation)", own, others, nodes].compactMap(\.self) + named
    return parts.joined(separator: ", ")
  }

  /// Pages and nodes, and what departs from the plain case.
  static func place(_ point: Case, withThreads: Bool) -> String {
    let threads = withThreads ? Axis.threads.words(of: point) : nil
    let parts = ["\(Figures.count(point.pages)) pages"] + conditions(point) + [threads].compactMap(\.self)
    return parts.joined(separator: ", ")
  }

  /// The same of rows that differ in their number of threads, and so in their pages.
  static func place(ofThreads rows: [Summary]) -> String {
    let pages = rows.map(\.measuredCase.pages)
    guard let first = rows.first, let least = pages.min(), let most = pages.max() else { return "" }
    let range = least == most ? Figures.count(least) : "\(Figures.count(least)) to \(Figures.count(most))"
    return (["\(range) pages"] + conditions(first.measuredCase)).joined(separator: ", ")
  }

  private static func conditions(_ point: Case) -> [String] {
    var parts: [String] = []
    parts.append(
      point.cpuNode == point.memoryNode
        ? "node \(point.cpuNode)" : "CPU node \(point.cpuNode), memory node \(point.memoryNode)")
    let named = Axis.all.filter { $0 != .threads }.compactMap { $0.words(of: point) }
    return parts + named
  }
}
