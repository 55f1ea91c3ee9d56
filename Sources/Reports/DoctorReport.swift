// SPDX-License-Identifier: Apache-2.0
import Model

/// What `doctor` says: the machine, then every finding with its remedy.
public enum DoctorReport {
  public static func render(
    topology: Topology, fingerprint: Fingerprint, offers: [(name: String, refusal: String?)],
    findings: [Finding], color: Bool
  ) -> String {
    let nodes = topology.nodes.map { "node \($0.number): CPUs \($0.cpus)" }.joined(separator: "; ")
    let machine = [
      "\(fingerprint.machineKey)   Linux \(fingerprint.kernelRelease)   \(fingerprint.architecture)",
      "CPUs allowed \(topology.allowed) of online \(topology.online); \(nodes)",
    ]
    let backings = offers.map { "  \($0.name): \($0.refusal ?? "ok")" }
    return (machine + [""] + backings).joined(separator: "\n") + "\n\n"
      + Warnings.render(findings, color: color)
  }
}
