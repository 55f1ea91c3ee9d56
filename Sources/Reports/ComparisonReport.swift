// SPDX-License-Identifier: Apache-2.0
import Experiment
import Machine

/// What `compare` says: what makes the comparison doubtful, the effect on each case, and what could not be compared.
public enum ComparisonReport {
  /// The table stands in the order of the newer run; what got slower is said once more below it, the worst first.
  public static func render(_ comparison: Comparison, color: Bool) -> String {
    let style = Style(color: color)
    var parts: [String] = []
    if !comparison.rows.isEmpty { parts.append(table(comparison, style)) }
    parts.append(leftovers(comparison, style))
    parts.append(verdict(comparison, style))
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// What differs between the runs, and what weakens the comparison, as findings.
  public static func findings(_ comparison: Comparison) -> [Finding] {
    var findings = comparison.differences.map { difference in
      Finding(
        .warning,
        "\(difference.trait.rawValue) differs in \(cases(difference.cases)): \(difference.old) in OLD, "
          + "\(difference.new) in NEW",
        remedy: axis(difference.trait).map { "if that is what you compare: --across \($0.rawValue)" })
    }
    let weak = comparison.rows.count(where: \.isWeak)
    if weak > 0 {
      findings.append(
        Finding(
          .warning,
          "\(cases(weak)) compared by summaries alone, which is weaker: the interval goes from corner to corner of two",
          remedy: "compare the run folders, whose blocks.csv tells more"))
    }
    let unknown = comparison.rows.count { $0.unit.isEmpty }
    if unknown > 0 { findings.append(Finding(.note, "the unit of \(cases(unknown)) was not recorded")) }
    if comparison.otherArms > 0 {
      findings.append(
        Finding(
          .note,
          "\(cases(comparison.otherArms)) left out as the other arm: flush=off is taken from OLD, flush=on from NEW"
        ))
    }
    return findings
  }

  private static func axis(_ trait: RecordedCase.Trait) -> Comparison.Axis? {
    switch trait {
    case .kernel: .kernel
    case .abi: .abi
    case .flush: .flush
    case .machine, .clock, .method, .pageBytes: nil
    }
  }

  private static func table(_ comparison: Comparison, _ style: Style) -> String {
    let rows = Dictionary(comparison.rows.map { ($0.key, $0) }) { first, _ in first }
    return CaseGroup.make(comparison.rows.map(\.key)).map { group in
      let members = group.members.compactMap { rows[$0.key] }
      let hasBaseline = members.contains { $0.relative != nil }
      var table = TextTable([.left, .right, .right, .left, .left, .left])
      table.row(["", "OLD", "NEW", "", "NEW against OLD", hasBaseline ? "its ratio to the baseline" : ""])
      for member in group.members {
        guard let row = rows[member.key] else { continue }
        table.row([
          member.label, Figures.amount(row.old, unit: row.unit), Figures.amount(row.new, unit: row.unit),
          row.verdict.rawValue, Figures.effect(row.effect, unit: row.unit),
          row.relative?.ratio.map { Figures.ratio($0.value, $0.interval) } ?? "",
        ])
      }
      let heading = group.heading.isEmpty ? "" : style.bold(group.heading) + "\n"
      return heading + table.render(style)
    }.joined(separator: "\n")
  }

  private static func leftovers(_ comparison: Comparison, _ style: Style) -> String {
    var text = ""
    var reasons: [String] = []
    for refusal in comparison.refusals where !reasons.contains(refusal.reason) {
      reasons.append(refusal.reason)
    }
    for reason in reasons {
      let keys = comparison.refusals.filter { $0.reason == reason }.map(\.key)
      text += "not comparable (\(cases(keys.count))): \(style.dim(reason))\n"
      text += CaseGroup.listing(keys, showsCommon: false)
    }
    for (what, keys) in [("only in OLD", comparison.missing), ("only in NEW", comparison.added)]
    where !keys.isEmpty {
      text += "\(what) (\(cases(keys.count)))\n" + CaseGroup.listing(keys, showsCommon: true)
    }
    return text
  }

  private static func verdict(_ comparison: Comparison, _ style: Style) -> String {
    guard !comparison.rows.isEmpty else { return "nothing could be compared\n" }
    let threshold = "\(Figures.percent(comparison.threshold)) %"
    let regressions = comparison.regressions
    let faster = comparison.rows.count { $0.verdict == .faster }
    let unbounded = comparison.rows.count { !$0.effect.shift.interval.isFinite }
    let few = unbounded > 0 ? ", \(unbounded) of them for want of blocks" : ""
    let undecided = comparison.rows.count - regressions.count - faster
    let moved = comparison.movedWithBaseline
    var text = style.bold(
      "\(cases(comparison.rows.count)) compared: \(regressions.count) slower, \(faster) faster by more than "
        + "\(threshold); \(undecided) show no difference (~)\(few)")
    text += """

      ~ : the 95 % interval holds 1, or its centre is within \(threshold). If nothing had changed, about \
      \(Figures.fixed(comparison.chanceFindings, 1)) of these
      intervals would exclude 1 by chance alone; and two boots or two hours can differ by more than blocks of one
      run tell. Repeat a lone finding before believing it.

      """
    if moved > 0 {
      text += "\(cases(moved)) moved with the baseline: the machine's mood, or what all arms share "
      text += "(--judge effect looks at the ratio alone)\n"
    }
    for row in regressions {
      let effect =
        comparison.subject == .effect
        ? row.relative?.ratio.map { Figures.ratio($0.value, $0.interval) + " against its baseline" } : nil
      text += "slower: \(row.key)\n  \(effect ?? Figures.effect(row.effect, unit: row.unit))\n"
    }
    return text
  }

  private static func cases(_ count: Int) -> String { count == 1 ? "1 case" : "\(count) cases" }
}
