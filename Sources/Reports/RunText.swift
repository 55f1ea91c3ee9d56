// SPDX-License-Identifier: Apache-2.0
import Model

/// All that a run says to a person: what can be answered here at all, the figures, what bears on them, and last
/// the answer.
public enum RunText {
  public static func render(_ report: RunReport, color: Bool) -> String {
    let parts = [
      SummaryTable.render(report, color: color), NodeMatrix.render(report, color: color),
      FlushCurve.render(report, color: color), ScalingTable.render(report, color: color),
      report.warnings.isEmpty ? nil : Warnings.render(report.warnings, color: color), Closing.render(report),
      Answer.render(report),
    ]
    return parts.compactMap { $0?.trimmingNewlines }.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }
}

extension String {
  fileprivate var trimmingNewlines: String {
    var text = self[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }
}
