// SPDX-License-Identifier: Apache-2.0
import Model

/// What `verify` says: how many frames the kernel could not read after each step, then a verdict a backing.
public enum VerifyReport {
  /// Nothing in it depends on colour.
  public static func render(_ report: DirectMapReport, color: Bool) -> String {
    let style = Style(color: color)
    let flush = report.flushes.map { ", \(flushName) = \($0 ? "Y" : "N")" } ?? ""
    var text = "direct map seen through \(report.memoryFile)\(flush)\n"
    if let scan = report.scan {
      let after = scan.after.map { ", \(Figures.count($0)) after" } ?? ""
      text +=
        "RAM scanned: \(Figures.count(scan.frames)) frames, \(Figures.count(scan.before)) unreadable before\(after)\n"
    }
    text += "\n" + style.bold("frames that the kernel's own mapping does not read, of those looked at") + "\n"
    text += table(report.rows, style) + "\n"
    for row in report.rows {
      guard let verdict = row.verdict else { continue }
      text += line(row.backing, verdict, style)
    }
    if let flushObservations = report.flushObservations { text += self.flush(flushObservations, style) }
    return text
  }

  private static let flushName = "kvm.guest_memfd_tlb_flush"

  private static func table(_ rows: [DirectMapRow], _ style: Style) -> String {
    let steps = DirectMapObservation.Step.allCases
    var table = TextTable([.left] + steps.map { _ in .right })
    table.row(["backing"] + steps.map(\.rawValue))
    for row in rows {
      switch row.observations {
      case .success(let observations):
        table.row([row.backing.rawValue] + steps.map { step in cell(observations.first { $0.step == step }) })
      case .failure(let refusal):
        table.note(row.backing.rawValue, "\(refusal.kind == .failed ? "failed" : "unsupported"): \(refusal)")
      }
    }
    return table.render(style)
  }

  /// `64/64`, `0/64`, `0/64 ?3` where three cannot be told, `-` where not looked at.
  private static func cell(_ seen: DirectMapObservation?) -> String {
    guard let seen else { return "-" }
    return "\(seen.gone)/\(seen.frames)" + (seen.unclear > 0 ? " ?\(seen.unclear)" : "")
  }

  private static func line(_ backing: Backing, _ verdict: DirectMapVerdict, _ style: Style) -> String {
    let returned: String? =
      switch verdict.cameBack {
      case true?: "back after the free"
      case false?: "not back after the free"
      case nil:
        verdict.removal == .never || verdict.removal == .unknown
          ? nil : "whether it came back after the free cannot be told"
      }
    let state = verdict.contradictions.isEmpty ? "ok" : style.bold("NOT WHAT IT CLAIMS")
    let words = [word(verdict.removal), returned].compactMap { $0 }.joined(separator: ", ")
    let remarks = (verdict.contradictions + verdict.notes).map { "  → \($0)\n" }.joined()
    return "\(backing.rawValue): \(words): \(state)\n" + remarks
  }

  private static func word(_ removal: DirectMapVerdict.Removal) -> String {
    switch removal {
    case .never: "never removed"
    case .at(let step): "removed at the \(step.rawValue)"
    case .byFault: "removed by the fault (--scan would tell fallocate from it)"
    case .partly: "removed in part"
    case .unknown: "cannot be told"
    }
  }

  private static func flush(_ observations: Result<[FlushObservation], Refusal>, _ style: Style) -> String {
    switch observations {
    case .success(let observations):
      return observations.map { seen in
        let state =
          seen.isOn
          ? seen.readable == 0 ? "ok" : style.bold("NOT FLUSHED")
          : seen.readable == 0 ? "no stale translation was caught" : "stale translations, as expected"
        return
          "flush \(seen.isOn ? "on" : "off"): \(seen.readable) of \(seen.frames) pages still read right after "
          + "their fault: \(state)\n"
      }.joined()
    case .failure(let refusal): return "flush: not looked at: \(refusal)\n"
    }
  }
}
