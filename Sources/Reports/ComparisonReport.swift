// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

/// What `compare` says: the change of each case, what could not be compared, and what the verdicts are worth.
public enum ComparisonReport {
  /// The table stands in the order of NEW; what got slower is said once more below it, the worst first.
  public static func render(_ comparison: Comparison, color: Bool) -> String {
    let style = Style(color: color)
    var parts: [String] = []
    if !comparison.rows.isEmpty { parts.append(table(comparison, style)) }
    parts.append(leftovers(comparison, style))
    parts.append(machine(comparison))
    parts.append(verdict(comparison, style))
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  // MARK: - The table

  private static func table(_ comparison: Comparison, _ style: Style) -> String {
    let rows = Dictionary(comparison.rows.map { ($0.key, $0) }) { first, _ in first }
    return KeyGroup.make(comparison.rows.map(\.key)).map { group in
      let hasRatio = group.members.contains { rows[$0.key]?.relative != nil }
      // What is judged stands first.
      let isByValue = group.members.allSatisfy { rows[$0.key]?.basis == .value }
      func ordered(_ ratio: String, _ value: String) -> [String] {
        hasRatio ? (isByValue ? [value, ratio] : [ratio, value]) : [value]
      }
      var table = TextTable([.left, .right, .right, .left, .left, .left])
      table.row(
        ["", "OLD", "NEW", ""]
          + ordered("its ratio to the baseline", hasRatio ? "its value" : "NEW against OLD"))
      for member in group.members {
        guard let row = rows[member.key] else { continue }
        table.row(
          [
            member.label, Figures.amount(row.old, unit: row.unit), Figures.amount(row.new, unit: row.unit),
            row.verdict.rawValue,
          ] + ordered(relative(row), value(row)))
        if let levels = row.levels { table.note("", self.levels(levels, unit: row.unit)) }
      }
      let heading = group.heading.isEmpty ? "" : style.bold(group.heading) + "\n"
      return heading + table.render(style)
    }.joined(separator: "\n")
  }

  private static func relative(_ row: Comparison.Row) -> String {
    guard let change = row.relative else { return "" }
    let ratio = Figures.ratio(change.estimate.value, change.estimate.interval)
    if case .arm(let backing) = row.basis { return "\(ratio) against \(backing)" }
    return ratio
  }

  /// Without an interval where nothing tells how much runs differ.
  private static func value(_ row: Comparison.Row) -> String {
    let change = row.value
    let estimate = change.estimate
    // At the common state the difference is not that of what was measured.
    let difference = change.isAdjusted ? row.old * (estimate.value - 1) : row.new - row.old
    let shift = Figures.shift(difference, unit: row.unit)
    guard change.isRatio else {
      guard change.isKnown, estimate.interval.isFinite else {
        return Figures.shift(estimate.value, unit: row.unit)
      }
      let bounds = [estimate.interval.low, estimate.interval.high].map { Figures.amount($0, unit: row.unit) }
      return "\(Figures.shift(estimate.value, unit: row.unit)) [\(bounds.joined(separator: ", "))]"
    }
    return
      "\(change.isKnown ? Figures.ratio(estimate.value, estimate.interval) : Figures.ratio(estimate.value))  \(shift)"
  }

  /// `levels: OLD 11.4 µs; NEW 13.9 µs in 5 of 8 passes`.
  private static func levels(_ levels: Comparison.Levels, unit: String) -> String {
    func words(_ counts: [Int]) -> String {
      let passes = counts.reduce(0, +)
      guard let usual = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return "" }
      let center = Figures.amount(levels.centers[usual], unit: unit)
      return counts[usual] == passes ? center : "\(center) in \(counts[usual]) of \(passes) passes"
    }
    return "levels: OLD \(words(levels.old)); NEW \(words(levels.new))"
  }

  // MARK: - Below it

  private static func leftovers(_ comparison: Comparison, _ style: Style) -> String {
    var text = ""
    var reasons: [String] = []
    for one in comparison.incomparable where !reasons.contains(one.reason) {
      reasons.append(one.reason)
    }
    for reason in reasons {
      let keys = comparison.incomparable.filter { $0.reason == reason }.map(\.key)
      text += "not comparable (\(cases(keys.count))): \(style.dim(reason))\n"
      text += KeyGroup.listing(keys, showsCommon: false)
    }
    for (what, keys) in [("only in OLD", comparison.missing), ("only in NEW", comparison.added)]
    where !keys.isEmpty {
      text += "\(what) (\(cases(keys.count)))\n" + KeyGroup.listing(keys, showsCommon: true)
    }
    return text
  }

  /// What the probes say of the machine on the two sides.
  private static func machine(_ comparison: Comparison) -> String {
    guard !comparison.rows.isEmpty else { return "" }
    let shifts = comparison.probes.filter { abs($0.change) > Comparison.leastShift }
    var text = shifts.map { shift in
      let percent = Figures.fixed(abs(shift.change) * 100, 0)
      return "\(subject(shift.kind)) took \(percent) % \(shift.change > 0 ? "longer" : "less time") in NEW "
        + "(\(Figures.time(shift.old)), \(Figures.time(shift.new))); rows are compared at the state in between\n"
    }.joined()
    if comparison.adjustedRows > 0 {
      text +=
        "\(cases(comparison.adjustedRows)) adjusted to one state of the machine, by the probes' figures\n"
    }
    return text
  }

  private static func subject(_ kind: Probes.Kind) -> String {
    switch kind {
    case .interrupt: "interrupts"
    case .instructions: "a fixed loop of instructions"
    case .memory: "zeroing cold memory"
    }
  }

  private static func verdict(_ comparison: Comparison, _ style: Style) -> String {
    guard !comparison.rows.isEmpty else { return "nothing could be compared\n" }
    let threshold = "\(Figures.percent(comparison.threshold)) %"
    let unbounded = comparison.unboundedRows
    let few = unbounded > 0 ? ", \(unbounded) of them for want of passes" : ""
    var text = style.bold(
      "\(cases(comparison.rows.count)) compared: \(comparison.count(.slower)) slower, "
        + "\(comparison.count(.faster)) faster by more than \(threshold); \(comparison.count(.same)) did not change "
        + "by more (=), \(comparison.count(.undecided)) cannot be told (~)\(few)")
    text += "\n\(expectation(comparison))\n"
    text += unknown(comparison) + shared(comparison, threshold)
    for row in comparison.regressions { text += "slower: \(row.key)\n  \(judged(row))\n" }
    return text
  }

  /// How many of the verdicts are likely to be false.
  private static func expectation(_ comparison: Comparison) -> String {
    let verdicts = comparison.count(.slower) + comparison.count(.faster)
    guard comparison.testedRows > 0 else { return "no case could be judged" }
    let all = "the cases are judged together: "
    guard verdicts > 0 else {
      return all + "where nothing changed, at most 1 such comparison in 20 gives a verdict"
    }
    let expected = Comparison.errorRate * Double(verdicts)
    let words = expected < 1 ? "less than 1" : "about \(Figures.fixed(expected, 0)) at most"
    return all
      + "of \(verdicts == 1 ? "1 verdict" : "\(verdicts) verdicts"), \(words) is expected to be false (5 %)"
  }

  private static func unknown(_ comparison: Comparison) -> String {
    let count = comparison.unknownRows
    guard count > 0 else { return "" }
    let why =
      switch (comparison.criterion, count) {
      case (.value, 1): "is judged by its value"
      case (.value, _): "are judged by their values"
      case (.effect, 1): "has no ratio to another arm"
      case (.effect, _): "have no ratio to another arm"
      }
    return """
      \(cases(count)) \(why), and one run a side does not tell how much this machine differs between runs: several runs \
      a side, or --database

      """
  }

  private static func shared(_ comparison: Comparison, _ threshold: String) -> String {
    var text = ""
    if comparison.movedTogether > 0 {
      text +=
        "\(cases(comparison.movedTogether)) moved with the other arms: the machine's state, or what all arms "
      text += "share (--judge effect looks at the ratio alone)\n"
    }
    if let shared = comparison.sharedChange, abs(shared - 1) > comparison.threshold {
      text +=
        "values in NEW are \(Figures.ratio(shared)) of OLD's (median): what all arms share, the machine or the "
      text += "kernel, is not judged here (--judge value, with several runs a side)\n"
    }
    return text
  }

  private static func judged(_ row: Comparison.Row) -> String {
    switch row.basis {
    case .value: value(row)
    case .baseline: "\(relative(row)) against its baseline"
    case .arm: relative(row)
    }
  }

  static func cases(_ count: Int) -> String { count == 1 ? "1 case" : "\(count) cases" }
}
