// SPDX-License-Identifier: Apache-2.0
import Experiment
import Machine
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
        + "others=\(measured.others.rawValue), against itself: \(result.passes ? "passed" : "FAILED")")
    text +=
      "\n  \(count) comparisons of \(result.blocks) blocks (median), \(Figures.fixed(report.elapsed, 1)) s, "
    text += "seed \(report.context.seed)\n"
    let share = Figures.percent(Double(result.alarms) / Double(result.comparisons))
    if let delay = result.delay {
      let found = Figures.percent(Double(result.found) / Double(result.comparisons))
      text +=
        "  \(Figures.amount(delay, result.unit)) added to each page of one arm: found by \(result.found) "
      text += "(\(found) %); missed by \(result.alarms) intervals (\(share) %)"
    } else {
      text += "  \(result.alarms) of \(count) intervals claim a difference that is not there (\(share) %)"
    }
    text += "; at 95 % a correct tool has at most \(result.allowedAlarms) in 99 of 100 selfchecks\n"
    if result.delay == nil {
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
