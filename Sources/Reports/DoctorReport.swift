// SPDX-License-Identifier: Apache-2.0
import Model
import Records

/// What `doctor` says: the machine, which memory it offers, then each group of checks, the worst first.
public enum DoctorReport {
  /// - Parameter width: no line is longer, but where a word is.
  public static func render(
    topology: Topology, fingerprint: Fingerprint, offers: [(backing: Backing, refusal: Refusal?)],
    groups: [CheckGroup], width: Int, color: Bool
  ) -> String {
    let style = Style(color: color)
    let nodes = topology.nodes.map { "node \($0.number): CPUs \($0.cpus)" }.joined(separator: "; ")
    var lines = wrapped(
      "\(fingerprint.machineKey), Linux \(fingerprint.kernelRelease), \(fingerprint.architecture)",
      width: width)
    lines += wrapped("CPUs allowed \(topology.allowed) of online \(topology.online); \(nodes)", width: width)
    lines += ["", style.bold("memory that can be measured here")]
    for (backing, refusal) in offers {
      lines += item(backing.rawValue, refusal?.reason ?? "ok", refusal?.remedy, width, style)
    }
    for group in groups.sorted(by: isWorse) {
      lines += ["", style.bold("\(group.name): \(group.severity.map(word) ?? "ok")")]
      guard group.severity != nil else { continue }
      lines += wrapped(group.why, width: width - 2).map { "  \($0)" }
      for finding in group.findings.sorted(by: { $0.severity > $1.severity }) {
        lines += item(word(finding.severity), finding.what, finding.remedy, width, style)
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Groups of the same severity stay in their order.
  private static func isWorse(_ left: CheckGroup, _ right: CheckGroup) -> Bool {
    guard let own = left.severity else { return false }
    return right.severity.map { own > $0 } ?? true
  }

  private static func word(_ severity: Finding.Severity) -> String {
    severity == .problem ? "bad" : severity.word
  }

  private static func item(
    _ name: String, _ text: String, _ remedy: String?, _ width: Int, _ style: Style
  ) -> [String] {
    let lines = wrapped("\(name): \(text)", width: width - 2, indent: 2).map { "  \($0)" }
    guard let remedy else { return lines }
    return lines + wrapped("→ \(remedy)", width: width - 4, indent: 2).map { style.dim("    \($0)") }
  }
}
