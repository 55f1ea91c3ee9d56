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
  /// The SMT siblings of the CPU that measures first, where a process is to hold them.
  public let heldSiblings: CPUSet
  /// The same of every measuring CPU.
  private let allHeldSiblings: CPUSet
  /// What a caller should know of these choices.
  public let findings: [Finding]

  public init(_ request: SessionRequest, _ topology: Topology, quota: Double?) throws(SessionFailure) {
    let nodes = try MeasuringNodes(request, topology)
    let first = nodes.cpus[0].cpu
    let siblings = MeasuringSiblings(request.sibling, topology)
    for place in nodes.cpus { try siblings.check(beside: place.cpu, quota: quota) }
    heldSiblings = siblings.held(beside: first)
    allHeldSiblings = nodes.cpus.reduce(CPUSet([])) { $0.union(siblings.held(beside: $1.cpu)) }
    self.topology = topology
    self.quota = quota
    pairs = nodes.pairs
    measuringCPU = first
    nodeCPUs = Dictionary(
      nodes.cpus.map { place in
        // What holds the siblings uses the quota too.
        let left = quota.map { $0 - Double(siblings.held(beside: place.cpu).count) }
        let held = BystanderProcesses.holdable(beside: place.cpu, topology: topology, quota: left)
        return (place.node, NodeCPUs(cpu: place.cpu, held: held))
      }
    ) { first, _ in first }
    var findings = nodes.findings + [siblings.finding(beside: first)].compactMap(\.self)
    if nodes.cpus.count > 1 {
      let list = nodes.cpus.map { "CPU \($0.cpu) of node \($0.node)" }.joined(separator: ", ")
      findings.append(Finding(.note, "measured on \(list)"))
    }
    let held = nodeCPUs.values.first { $0.cpu == first }?.held ?? CPUSet([])
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
  var heldCPUs: CPUSet { nodeCPUs.values.reduce(allHeldSiblings) { $0.union($1.held) } }

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
