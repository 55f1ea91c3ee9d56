// SPDX-License-Identifier: Apache-2.0
import Model

/// What `doctor` says: the machine, which memory it offers, then every finding with its remedy, the worst first.
public enum DoctorReport {
  /// - Parameter width: no line is longer, but where a word is.
  public static func render(
    topology: Topology, fingerprint: Fingerprint, offers: [(backing: Backing, refusal: Refusal?)],
    findings: [Finding], width: Int, color: Bool
  ) -> String {
    let style = Style(color: color)
    let nodes = topology.nodes.map { "node \($0.number): CPUs \($0.cpus)" }.joined(separator: "; ")
    var lines = wrapped(
      "\(fingerprint.machineKey), Linux \(fingerprint.kernelRelease), \(fingerprint.architecture)",
      width: width)
    lines += wrapped("CPUs allowed \(topology.allowed) of online \(topology.online); \(nodes)", width: width)
    lines += ["", style.bold("memory that can be measured here")]
    for (backing, refusal) in offers {
      lines += item(backing.rawValue, refusal?.reason, refusal?.remedy, width, style)
    }
    for (severity, heading) in [
      (Finding.Severity.problem, "what does not work"), (.warning, "what disturbs a measurement"),
      (.note, "worth knowing"),
    ] {
      let own = findings.filter { $0.severity == severity }
      if !own.isEmpty { lines += ["", style.bold(heading)] }
      for finding in own { lines += item(severity.word, finding.what, finding.remedy, width, style) }
    }
    if findings.isEmpty { lines += ["", "nothing found that would disturb a measurement"] }
    return lines.joined(separator: "\n") + "\n"
  }

  /// `ok` without a text.
  private static func item(
    _ name: String, _ text: String?, _ remedy: String?, _ width: Int, _ style: Style
  ) -> [String] {
    let lines = wrapped("\(name): \(text ?? "ok")", width: width - 2, indent: 2).map { "  \($0)" }
    guard let remedy else { return lines }
    return lines + wrapped("→ \(remedy)", width: width - 4, indent: 2).map { style.dim("    \($0)") }
  }
}
