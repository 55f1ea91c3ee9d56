// SPDX-License-Identifier: Apache-2.0
import Model
import Records

/// The figures of cases that are known by their keys alone.
public enum RecomputedTable {
  /// One group of arms after the other, as ``SummaryTable`` shows them. `color` asks for bold headings.
  public static func render(_ rows: [RecomputedRow], color: Bool) -> String {
    let style = Style(color: color)
    let byKey = Dictionary(rows.map { ($0.key, $0) }) { first, _ in first }
    let baselines = Set(rows.compactMap { $0.texts["baseline"] })
    return KeyGroup.make(rows.map(\.key)).map { group in
      var table = TextTable([.left, .right, .right, .right, .right, .left])
      table.row(["", "blocks", "p50", "p99", "mean", "against the baseline"])
      for member in group.members {
        guard let row = byKey[member.key] else { continue }
        guard row.figures.blocks > 0 else {
          table.note(member.label, refusal(row))
          continue
        }
        let unit = row.texts["unit"] ?? ""
        let numbers = [row.figures.p50, row.figures.p99, row.figures.mean].map { figure in
          figure.map { Figures.amount($0, unit: unit) } ?? ""
        }
        let effect = row.figures.effect.map { Figures.effect($0, unit: unit) }
        let status = row.texts["status"].flatMap { ["", CaseStatus.ok.rawValue].contains($0) ? nil : $0 }
        table.row(
          [member.label, Figures.count(row.figures.blocks)] + numbers
            + [
              [effect ?? (baselines.contains(row.key) ? "baseline" : nil), status].compactMap(\.self).joined(
                separator: "  ")
            ])
      }
      return (group.heading.isEmpty ? "" : style.bold(group.heading) + "\n") + table.render(style)
    }.joined(separator: "\n")
  }

  private static func refusal(_ row: RecomputedRow) -> String {
    let words = ["status", "reason"].compactMap { row.texts[$0] }.filter { !$0.isEmpty }
    return words.isEmpty ? "no block that counts" : words.joined(separator: ": ")
  }
}
