// SPDX-License-Identifier: Apache-2.0
import Analysis

/// What a selfcheck of whole runs came to, in words.
public enum SelfcheckBetweenReport {
  /// A few lines, each ended by a line feed.
  public static func render(
    _ result: BetweenRunsResult, runs: Int, plan: String, seed: UInt64, seconds: Double, color: Bool
  ) -> String {
    let style = Style(color: color)
    let comparisons = result.comparisons == 1 ? "1 comparison" : "\(result.comparisons) comparisons"
    func share(_ count: Int) -> String {
      "\(count) of \(result.judged) cases (\(Figures.percent(Double(count) / Double(result.judged))) %)"
    }
    var text = style.bold(
      "\(runs) runs of the selection from plan \(plan), each compared with the next: \(result.passes ? "passed" : "FAILED")"
    )
    text += "\n  \(comparisons), \(Figures.fixed(seconds, 0)) s, seeds from \(seed)\n"
    text +=
      "  \(result.withVerdicts) of \(comparisons) called something slower or faster though nothing changed; "
    text += "at most \(result.allowedWithVerdicts) may\n"
    text += "  false verdicts on \(share(result.verdicts)); at most \(result.allowedVerdicts) may have one\n"
    text += "  no change beyond the threshold is shown for \(share(result.same))\n"
    text += "  the 95 % interval excludes no change for \(share(result.excluding)); 5 % are to be expected\n"
    if result.unjudged > 0 {
      text +=
        "  \(ComparisonReport.cases(result.unjudged)) could not be judged: no ratio to another arm, or too few "
      text += "passes for an interval\n"
    }
    for row in result.falseRows {
      let change = row.judged.estimate
      let figure =
        row.judged.isRatio
        ? Figures.ratio(change.value, change.interval) : Figures.shift(change.value, unit: row.unit)
      text += "  \(row.verdict.rawValue): \(row.key)  \(figure)\n"
    }
    return text
  }
}
