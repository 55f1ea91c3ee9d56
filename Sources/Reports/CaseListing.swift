// SPDX-License-Identifier: Apache-2.0
import Model

/// What `list` shows: what can be measured here, and why the rest cannot.
public enum CaseListing {
  /// A line an operation, with a mark for each backing; below, each reason once.
  ///
  /// - Parameter width: no line is longer, but where a word is.
  public static func render(_ cases: [ListedCase], width: Int, color: Bool) -> String {
    let style = Style(color: color)
    let backings = Backing.allCases.filter { backing in cases.contains { $0.measuredCase.backing == backing }
    }
    var lines = wrapped("+ can be measured here, - cannot (see below), . has no meaning for it", width: width)
    lines.append("")
    lines += backings.enumerated().map { "\($0 + 1) \($1.label)" }
    lines += table(cases, backings, width: width, style)
    let reasons = reasons(cases)
    if !reasons.isEmpty { lines += ["", style.bold("not here")] }
    for (subject, reason) in reasons {
      lines += wrapped("\(subject): \(reason)", width: width - 2, indent: 2).map { "  \($0)" }
    }
    let available = cases.count { $0.refusal == nil }
    lines += ["", "\(available) of \(cases.count) cases can be measured here; list --keys names each"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// One line a case: its key, then `ok` or the reason with its remedy.
  public static func keys(_ cases: [ListedCase], color: Bool) -> String {
    let style = Style(color: color)
    let width = cases.map(\.measuredCase.key.count).max() ?? 0
    let lines = cases.map { entry in
      let key = entry.measuredCase.key
      let padded = key + String(repeating: " ", count: width - key.count)
      return "\(padded)  \(entry.refusal.map { style.dim("no: \($0)") } ?? "ok")\n"
    }
    let available = cases.count { $0.refusal == nil }
    return lines.joined() + "\(available) of \(cases.count) cases can be measured here\n"
  }

  private static func table(
    _ cases: [ListedCase], _ backings: [Backing], width: Int, _ style: Style
  ) -> [String] {
    var lines: [String] = []
    var benchmark = ""
    let names = operations(cases)
    let label = 2 + (names.map(\.1.count).max() ?? 0)
    for (name, operation) in names {
      if name != benchmark {
        benchmark = name
        let numbers = backings.indices.map { "\($0 + 1)" }.joined(separator: " ")
        let blanks = String(repeating: " ", count: max(2, label + 2 - name.count))
        lines += ["", style.bold(name) + blanks + numbers]
      }
      let own = cases.filter { ($0.measuredCase.benchmark, $0.measuredCase.operation) == (name, operation) }
      let marks = backings.map { mark(own, $0) }
      let blanks = String(repeating: " ", count: label - operation.count)
      let start = "  \(operation)\(blanks)\(marks.joined(separator: " "))  "
      lines.append(start + style.dim(shortened(own.first?.summary ?? "", width: width - start.count)))
    }
    return lines
  }

  private static func mark(_ cases: [ListedCase], _ backing: Backing) -> String {
    let own = cases.filter { $0.measuredCase.backing == backing }
    return own.isEmpty ? "." : own.contains { $0.refusal == nil } ? "+" : "-"
  }

  private static func operations(_ cases: [ListedCase]) -> [(String, String)] {
    var seen: Set<[String]> = []
    return cases.map { ($0.measuredCase.benchmark, $0.measuredCase.operation) }
      .filter { seen.insert([$0.0, $0.1]).inserted }
  }

  /// Each reason once, with the backings and operations that it concerns: all of a backing's where it is the reason of
  /// every one.
  private static func reasons(_ cases: [ListedCase]) -> [(String, String)] {
    var order: [String] = []
    var concerned: [String: [ListedCase]] = [:]
    for entry in cases {
      guard let text = entry.refusal?.description else { continue }
      if concerned[text] == nil { order.append(text) }
      concerned[text, default: []].append(entry)
    }
    return order.map { reason in
      let own = concerned[reason] ?? []
      let backings = Backing.allCases.filter { backing in own.contains { $0.measuredCase.backing == backing }
      }
      let all = backings.allSatisfy { backing in
        cases.count { $0.measuredCase.backing == backing } == own.count { $0.measuredCase.backing == backing }
      }
      let names = backings.map(\.rawValue).joined(separator: ", ")
      let operations = operations(own).map { "\($0) \($1)" }.joined(separator: ", ")
      return (all ? names : "\(names) in \(operations)", reason)
    }
  }
}
