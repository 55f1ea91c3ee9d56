// SPDX-License-Identifier: Apache-2.0
import Harness
import Helpers
import Model

/// Where a run measures and whom it can hold beside it, as far as a topology tells: made without asking the kernel for
/// anything, so that a plan can be laid out for a machine that is elsewhere.
public struct Layout: Sendable {
  public let topology: Topology
  /// CPUs' worth of time; nil: no limit.
  public let quota: Double?
  /// The nodes of CPU and memory that are measured; at least one pair.
  public let pairs: [NodePair]
  /// The CPU that measures first.
  public let measuringCPU: Int
  /// Who measures on each CPU node, and who can be held beside.
  let nodeCPUs: [Int: NodeCPUs]
  /// What a caller should know of these choices.
  public let findings: [Finding]

  public init(_ request: SessionRequest, _ topology: Topology, quota: Double?) throws(SessionFailure) {
    let nodes = try MeasuringNodes(request, topology)
    let first = nodes.cpus[0].cpu
    self.topology = topology
    self.quota = quota
    pairs = nodes.pairs
    measuringCPU = first
    nodeCPUs = Dictionary(
      nodes.cpus.map { place in
        let held = BystanderProcesses.holdable(beside: place.cpu, topology: topology, quota: quota)
        return (place.node, NodeCPUs(cpu: place.cpu, held: held))
      }
    ) { first, _ in first }
    var findings = nodes.findings
    if nodes.cpus.count > 1 {
      let list = nodes.cpus.map { "CPU \($0.cpu) of node \($0.node)" }.joined(separator: ", ")
      findings.append(Finding(.note, "measured on \(list)"))
    }
    let held = BystanderProcesses.holdable(beside: first, topology: topology, quota: quota)
    let others =
      topology.allowed.count - 1 - topology.siblings(of: first).intersection(topology.allowed).count
    if held.count < others {
      findings.append(
        Finding(
          .warning, "the CPU quota leaves \(held.count) of \(others) other CPUs to hold",
          remedy: "raise cpu.max, or measure outside the container"))
    }
    self.findings = findings
  }

  /// The CPUs that can be held beside the one that measures first.
  public var held: CPUSet { nodeCPUs.values.first { $0.cpu == measuringCPU }?.held ?? CPUSet([]) }

  /// Every CPU that is held in some part of the run.
  var heldCPUs: CPUSet { CPUSet(nodeCPUs.values.reduce(into: Set<Int>()) { $0.formUnion($1.held.members) }) }

  /// How many CPUs can be held on the measuring CPU's node and on the farthest other one that has any: more nodes would
  /// make cases without end. Empty where that makes no difference.
  public var othersByNode: [(node: Int, count: Int)] {
    let own = pairs[0].cpuNode
    let counts = topology.nodes.map { (node: $0.number, count: held.intersection($0.cpus).count) }
      .filter { $0.count > 0 }
    func distance(_ node: Int) -> Int { topology.distance(from: own, to: node) ?? 0 }
    let farthest = counts.filter { $0.node != own }.max { distance($0.node) < distance($1.node) }
    guard let farthest else { return [] }
    return counts.filter { $0.node == own } + [farthest]
  }
}
