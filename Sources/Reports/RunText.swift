// SPDX-License-Identifier: Apache-2.0
import Model
import Records

/// All that a run says to a person: first the answer, then an operation a line, then where the rest is.
public enum RunText {
  /// For a glance: at most 60 lines for the plan `quick`, none longer than `width`.
  public static func brief(_ report: RunReport, width: Int, color: Bool) -> String {
    let style = Style(color: color)
    let operations = OperationTable.render(report, width: width, style).joined(separator: "\n")
    return join([
      Answer.render(report, width: width, color: color), operations, remarks(report, width: width, style),
    ])
  }

  /// The answer, then every arm with its tail, what the figures rest on, and every finding. Lines are as long as they
  /// have to be.
  public static func detailed(_ report: RunReport, width: Int, color: Bool) -> String {
    join([
      Answer.render(report, width: width, color: color),
      SummaryTable.render(report, color: color), NodeMatrix.render(report, color: color),
      FlushCurve.render(report, color: color), ScalingTable.render(report, color: color) ?? "",
      Warnings.render(report.warnings, color: color), Closing.render(report),
    ])
  }

  private static func join(_ parts: [String]) -> String {
    parts.map(\.trimmingNewlines).filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  /// How sure the figures are, what disturbed them, and where the details are.
  private static func remarks(_ report: RunReport, width: Int, _ style: Style) -> String {
    let figures = report.summaries.filter(\.hasFigure)
    let passes =
      figures.compactMap { $0.effect?.passes }.max().map { ", \($0) \($0 == 1 ? "pass" : "passes")" } ?? ""
    let missed = figures.count { $0.status == .unstable }
    let precision = Figures.percent(report.context.precision)
    var lines = wrapped(
      "plan \(report.context.planName), seed \(report.context.seed), \(Figures.fixed(report.elapsed, 0)) s\(passes); "
        + (report.isComplete ? "" : "partial: the plan was not carried out to its end; ")
        + (figures.isEmpty
          ? "no figure" : "\(missed) of \(figures.count) figures are wider than ±\(precision) % (~)"),
      width: width)
    if figures.contains(where: { Set([.spin, .idle]).isSubset(of: states(like: $0, in: figures)) }) {
      lines += wrapped(
        "A range covers two states that were measured apart: the other CPUs spin, or are idle.", width: width)
    }
    for finding in report.warnings where finding.severity >= .warning {
      lines += wrapped("\(style.bold(finding.severity.word)): \(finding.what)", width: width, indent: 2)
      guard let remedy = finding.remedy else { continue }
      lines += wrapped("→ \(remedy)", width: width - 2, indent: 2).map { "  \($0)" }
    }
    let notes = report.warnings.count { $0.severity < .warning }
    let more =
      notes > 0 ? "every arm, tails and \(notes) \(notes == 1 ? "note" : "notes")" : "every arm, and tails"
    lines += wrapped("\(more): --details; files for plots and gmembench compare: --output DIR", width: width)
    return lines.joined(separator: "\n")
  }

  /// The states of the other CPUs in which a row's operation was measured.
  private static func states(like row: Summary, in rows: [Summary]) -> Set<OthersState> {
    let point = row.measuredCase.without(.others)
    return Set(rows.filter { $0.measuredCase.without(.others) == point }.map(\.measuredCase.others))
  }
}

extension String {
  fileprivate var trimmingNewlines: String {
    var text = self[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }
}
