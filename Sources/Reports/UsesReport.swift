// SPDX-License-Identifier: Apache-2.0
import Model

/// What `verify --uses` says: a row a use, a column a backing, and below it why something could not be told.
public enum UsesReport {
  /// Nothing in it depends on colour.
  public static func render(_ report: MemoryUseReport, color: Bool) -> String {
    let style = Style(color: color)
    var table = TextTable([.left] + report.backings.map { _ in .left })
    table.row([""] + report.backings.map(\.label))
    for row in report.rows {
      switch row.outcomes {
      case .success(let outcomes): table.row([row.use.rawValue] + outcomes.map(cell))
      case .failure(let refusal): table.note(row.use.rawValue, "unsupported: \(refusal)")
      }
    }
    let notes = report.rows.compactMap { row in row.note.map { "\(row.use.rawValue): \($0)" } }
    let missing = report.missing.map { "\($0.backing.label): \(word($0.refusal)): \($0.refusal)" }
    let remarks = (untold(report) + notes + missing).map { $0 + "\n" }.joined()
    return style.bold("what the kernel can do with a backing's memory, or what it answers instead") + "\n"
      + table.render(style) + (remarks.isEmpty ? "" : "\n" + remarks)
  }

  private static func cell(_ outcome: UseOutcome) -> String {
    switch outcome {
    case .works: "works"
    case .refused(let answer): answer
    case .untold: "-"
    }
  }

  private static func word(_ refusal: Refusal) -> String {
    refusal.kind == .failed ? "failed" : "unsupported"
  }

  /// Each reason once, with the uses and backings that it holds for.
  private static func untold(_ report: MemoryUseReport) -> [String] {
    var cells: [(refusal: Refusal, uses: [String], backings: [String])] = []
    for row in report.rows {
      for (backing, outcome) in zip(report.backings, (try? row.outcomes.get()) ?? []) {
        guard case .untold(let refusal) = outcome else { continue }
        let index = cells.firstIndex { $0.refusal == refusal } ?? cells.count
        if index == cells.count { cells.append((refusal, [], [])) }
        if !cells[index].uses.contains(row.use.rawValue) { cells[index].uses.append(row.use.rawValue) }
        if !cells[index].backings.contains(backing.label) { cells[index].backings.append(backing.label) }
      }
    }
    return cells.map {
      "\($0.uses.joined(separator: ", ")) of \($0.backings.joined(separator: ", ")): \(word($0.refusal)): \($0.refusal)"
    }
  }
}
