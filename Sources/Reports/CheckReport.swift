// SPDX-License-Identifier: Apache-2.0
import Analysis

/// What `history check` says: alarms first, then what explains or relieves them.
public enum CheckReport {
  /// - Parameters:
  ///   - context: changes of what figures mean.
  ///   - recentNights: what is no alarm is listed where it is among the last so many nights of its machine.
  public static func render(
    _ check: SeriesCheck, context: [ContextChange], recentNights: Int, color: Bool
  ) -> String {
    let style = Style(color: color)
    let sections: [(String, [SeriesChange])] = [
      ("Regressions", check.alarms),
      (
        "Suspects that a second measurement did not bear out",
        check.changes.filter { $0.isOpen && !$0.isAlarm }
      ),
      ("Improvements", recent(.improvement)), ("Moved because the baseline did", recent(.baseline)),
      ("Moved with the rest: the machine, not the flag", recent(.machine)),
      ("Medians that moved without their ratio to the baseline", recent(.medianAlone)),
      ("Not judged: what these measure changed", recent(.meaning)),
    ]
    func recent(_ verdict: SeriesChange.Verdict) -> [SeriesChange] {
      check.changes.filter {
        $0.verdict == verdict && !$0.isUndone
          && check.isRecent($0.latest.startedAt, on: $0.series.machineKey, nights: recentNights)
      }
    }
    var text = summary(check)
    for change in context
    where check.isRecent(change.startedAt, on: change.machineKey, nights: recentNights) {
      text += "\(change)\n"
    }
    for (heading, changes) in sections where !changes.isEmpty {
      text += "\n" + style.bold(heading) + "\n" + events(changes).map { event($0, style) }.joined()
    }
    return text + "\n" + conclusion(check)
  }

  private static func summary(_ check: SeriesCheck) -> String {
    var text = "\(check.series) series"
    let machines = check.nights.sorted { $0.key < $1.key }
    text +=
      machines.map { key, nights in
        ", \(nights.count) \(nights.count == 1 ? "night" : "nights") on \(key) until \(nights.last ?? "-")"
      }.joined() + "\n"
    if check.tooFew > 0 { text += "\(check.tooFew) figures have too few nights yet\n" }
    if check.adjusted > 0 {
      text +=
        "\(check.adjusted) ratios are compared at one state of the machine, by the probes of their runs\n"
    }
    if let alarms = check.falseAlarmsPerYear, alarms > 0 {
      text +=
        "\(check.judged) figures were judged: expect about \(Figures.fixed(alarms, alarms < 10 ? 1 : 0)) false alarms a year "
        + "(simulated, Results/history); --confirm measures suspects again\n"
    }
    if check.unjudged > 0 { text += "\(check.unjudged) figures hold a value of 0, which has no ratio\n" }
    return text
  }

  private static func conclusion(_ check: SeriesCheck) -> String {
    let acknowledged = check.changes.count {
      $0.verdict == .regression && !$0.isUndone && $0.isAcknowledged
    }
    let known = acknowledged > 0 ? "; \(acknowledged) acknowledged" : ""
    guard !check.alarms.isEmpty else { return "no regression\(known)\n" }
    let count = check.alarms.count
    return "\(count) \(count == 1 ? "regression" : "regressions")\(known) "
      + "(gmembench history acknowledge quiets what is known)\n"
  }

  /// Changes that came with one run of one machine.
  private static func events(_ changes: [SeriesChange]) -> [[SeriesChange]] {
    var events: [[SeriesChange]] = []
    for change in changes {
      let index = events.firstIndex {
        $0[0].after.runID == change.after.runID && $0[0].series.machineKey == change.series.machineKey
      }
      if let index { events[index].append(change) } else { events.append([change]) }
    }
    return events
  }

  /// Lines of an event that are shown.
  private static let most = 24

  private static func event(_ changes: [SeriesChange], _ style: Style) -> String {
    let first = changes[0]
    var text =
      "  since \(first.after.startedAt), run \(first.after.runID), after \(first.before.runID)"
      + "   \(first.series.machineKey)\n"
    if let widest = changes.max(by: { $0.change.region.count < $1.change.region.count }),
      widest.change.region.count > 1
    {
      text += "    or not just then: between \(widest.earliest.startedAt) and \(widest.latest.startedAt)\n"
    }
    let kernels = (first.earliest.kernelRelease, first.latest.kernelRelease)
    text +=
      "    kernel "
      + (kernels.0 == kernels.1 ? "\(kernels.0) before and after" : "\(kernels.0) → \(kernels.1)")
    let facts = (changes.max { $0.facts.count < $1.facts.count }?.facts ?? []).filter { $0.name != "kernel" }
    text += facts.isEmpty && kernels.0 == kernels.1 ? "; nothing that run.json knows changed with it\n" : "\n"
    for fact in facts {
      text +=
        "    \(fact.name): \(fact.before.isEmpty ? "-" : fact.before) → \(fact.after.isEmpty ? "-" : fact.after)\n"
    }
    // What the rest shares needs no list of the rest.
    if [.machine, .meaning].contains(first.verdict), changes.count > 3 {
      return text + "    \(changes.count) figures, \(range(changes))\n"
    }
    for group in KeyGroup.make(changes.prefix(most).map(\.series.key)) {
      var table = TextTable([.left, .left, .left, .left, .left], indent: 6)
      for member in group.members {
        for change in changes where change.series.key == member.key { table.row(line(change, member.label)) }
      }
      text += (group.heading.isEmpty ? "" : "    \(group.heading)\n") + table.render(style)
    }
    return changes.count > most ? text + "    and \(changes.count - most) more\n" : text
  }

  private static func range(_ changes: [SeriesChange]) -> String {
    let ratios = changes.map(\.change.ratio.value).sorted()
    let ends = [ratios.first, ratios.last].compactMap { $0.map { "×" + Figures.fixed($0, 2) } }
    return ends[0] == ends.last ? ends[0] : ends.joined(separator: " to ")
  }

  private static func line(_ change: SeriesChange, _ label: String) -> [String] {
    let levels: String
    switch change.kind {
    case .effect:
      levels = "×\(Figures.fixed(change.levelBefore, 3)) → ×\(Figures.fixed(change.levelAfter, 3))"
    case .absolute:
      levels =
        "\(Figures.amount(change.levelBefore, unit: change.series.unit)) → "
        + Figures.amount(change.levelAfter, unit: change.series.unit)
    }
    return [
      label, Figures.ratio(change.change.ratio.value, change.change.ratio.interval), levels,
      change.kind == .effect ? "against the baseline" : "by itself", again(change),
    ]
  }

  private static func again(_ change: SeriesChange) -> String {
    func figure(_ value: Double) -> String {
      change.kind == .effect ? "×\(Figures.fixed(value, 3))" : Figures.amount(value, unit: change.series.unit)
    }
    switch change.again {
    case nil: return ""
    case .confirmed(let value): return "measured again: \(figure(value))"
    case .refuted(let value): return "measured again: \(figure(value)), as before"
    case .missing(let why): return "not measured again: \(why)"
    }
  }
}
