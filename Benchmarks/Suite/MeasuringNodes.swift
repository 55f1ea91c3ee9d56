// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Model

/// Nodes as a caller names them.
public enum NodeChoice: Hashable, Codable, Sendable {
  case these([Int])
  /// Every node that can be used; what cannot is said.
  case all
}

/// Where a run measures: a CPU for each CPU node, and the nodes that memory comes from.
struct MeasuringNodes {
  /// The measuring CPU of each node, in the order asked for; at least one.
  private(set) var cpus: [(node: Int, cpu: Int)] = []
  /// What is measured with what: each CPU node with each memory node, or with its own where none is named; of many
  /// that are not named one by one, those that stand for all.
  private(set) var pairs: [NodePair] = []
  private(set) var findings: [Finding] = []

  init(_ request: SessionRequest, _ topology: Topology) throws(SessionFailure) {
    let usable = topology.allowed.intersection(topology.online)
    switch request.cpuNodes {
    case nil:
      let cpu = try Self.cpu(request.cpu, among: usable, of: "the machine")
      cpus = [(topology.node(ofCPU: cpu) ?? 0, cpu)]
    case .these(let nodes)?:
      for node in nodes {
        let own = usable.intersection(try Self.node(node, "--cpu-node", topology).cpus)
        cpus.append((node, try Self.cpu(request.cpu, among: own, of: "node \(node)")))
      }
    case .all?:
      for node in topology.nodes {
        let own = usable.intersection(node.cpus)
        guard let cpu = own.members.last else {
          leaveOut(
            "node \(node.number)", node.cpus.isEmpty ? "has no CPU" : "has no CPU that this process may use")
          continue
        }
        cpus.append((node.number, cpu))
      }
    }
    guard let asked = request.memoryNodes else {
      if request.cpuNodes == .all {
        cpus = cpus.filter { hasOwnMemory($0.node, topology) }
        guard !cpus.isEmpty else { throw .usage("no node has both CPUs and memory to use") }
      }
      pairs = cpus.map { NodePair(cpuNode: $0.node, memoryNode: $0.node) }
      for pair in pairs {
        if let refusal = Self.refusal(pair.memoryNode, topology) {
          throw .usage("node \(pair.memoryNode) \(refusal): name a node for its memory (--memory-node)")
        }
      }
      return
    }
    let memoryNodes = try memoryNodes(asked, topology)
    let every = cpus.flatMap { place in memoryNodes.map { NodePair(cpuNode: place.node, memoryNode: $0) } }
    guard !every.isEmpty else { throw .usage("no node has both what --cpu-node and --memory-node ask for") }
    let isBounded = request.cpuNodes == .all || asked == .all
    pairs = isBounded ? Bounds.representatives(every, topology) : every
    findings += [Bounds.finding(kept: pairs, of: every)].compactMap(\.self)
  }

  /// Whether a CPU node of `all` can be measured with its own memory; what cannot is said.
  private mutating func hasOwnMemory(_ node: Int, _ topology: Topology) -> Bool {
    guard let refusal = Self.refusal(node, topology) else { return true }
    findings.append(
      Finding(
        .note, "the CPUs of node \(node) are left out: it \(refusal)",
        remedy: "--memory-node all, or one that has"))
    return false
  }

  private mutating func memoryNodes(
    _ asked: NodeChoice, _ topology: Topology
  ) throws(SessionFailure) -> [Int] {
    switch asked {
    case .these(let nodes):
      for node in nodes {
        _ = try Self.node(node, "--memory-node", topology)
        if let refusal = Self.refusal(node, topology) { throw .usage("node \(node) \(refusal)") }
      }
      return nodes
    case .all:
      return topology.nodes.map(\.number).filter { node in
        guard let refusal = Self.refusal(node, topology) else { return true }
        leaveOut("the memory of node \(node)", refusal)
        return false
      }
    }
  }

  private mutating func leaveOut(_ what: String, _ why: String) {
    findings.append(Finding(.note, "\(what) is left out: it \(why)"))
  }

  /// The one asked for, else not CPU 0 where there is another: most device interrupts go there.
  private static func cpu(_ asked: Int?, among cpus: CPUSet, of place: String) throws(SessionFailure) -> Int {
    if let asked {
      guard cpus.contains(asked) else {
        throw .usage("CPU \(asked) is not among the CPUs to choose from: \(cpus)")
      }
      return asked
    }
    guard let last = cpus.members.last else { throw .usage("\(place) has no CPU that this process may use") }
    return last
  }

  private static func node(
    _ number: Int, _ option: String, _ topology: Topology
  ) throws(SessionFailure) -> NUMANode {
    guard let node = topology.node(number) else {
      let known = topology.nodes.map { String($0.number) }.joined(separator: ", ")
      throw .usage("\(option) \(number): no such node (there is \(known))")
    }
    return node
  }

  /// Why memory cannot come from a node, if it cannot.
  private static func refusal(_ node: Int, _ topology: Topology) -> String? {
    guard let found = topology.node(node), found.memoryBytes > 0 else { return "has no memory" }
    guard topology.allowedNodes.isEmpty || topology.allowedNodes.contains(node) else {
      return "is not allowed here (Mems_allowed: \(topology.allowedNodes))"
    }
    return nil
  }
}
