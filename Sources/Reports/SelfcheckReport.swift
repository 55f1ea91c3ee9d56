// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model
import Statistics

/// What a selfcheck came to, in words.
public enum SelfcheckReport {
  /// A few lines, each ended by a line feed; warnings follow.
  public static func render(_ result: SelfcheckResult, _ report: RunReport, color: Bool) -> String {
    let style = Style(color: color)
    let measured = result.measuredCase
    let count = Figures.count(result.comparisons)
    var text = style.bold(
      "\(measured.benchmark) \(measured.operation), \(measured.backing.label), "
        + "\(Axis.others.label(of: measured)), against itself: \(result.passes ? "passed" : "FAILED")")
    text +=
      "\n  \(count) comparisons of \(result.blocks) blocks (median), \(Figures.fixed(report.elapsed, 1)) s, "
    text += "seed \(report.context.seed)\n"
    func share(_ count: Int) -> String { Figures.percent(Double(count) / Double(result.comparisons)) }
    if let delay = result.delay {
      text += "  \(Figures.amount(delay, result.unit)) were added to each page of one arm: \(result.found) "
      text +=
        "comparisons (\(share(result.found)) %) found it and show \(Figures.shift(result.shift, result.unit)) "
      text += "(median); 95 % are to find it\n"
    } else {
      text += "  \(result.alarms) of \(count) intervals claim a difference that is not there "
      text +=
        "(\(share(result.alarms)) %); a correct tool has more than \(result.allowedAlarms) in about one "
      text += "selfcheck of a hundred\n"
      for detectable in result.detectable {
        text += "  a difference of \(Figures.percent(detectable.ratio - 1)) % would have been found by "
        text += "\(Figures.fixed(detectable.power * 100, 0)) % of the comparisons\n"
      }
    }
    if result.withoutInterval > 0 {
      text +=
        "  \(result.withoutInterval) comparisons had too few blocks for an interval: a longer --budget\n"
    }
    return text + (report.warnings.isEmpty ? "" : "\n" + Warnings.render(report.warnings, color: color))
  }
}
