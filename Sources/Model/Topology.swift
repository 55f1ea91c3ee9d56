// SPDX-License-Identifier: Apache-2.0

/// The CPUs and nodes of this machine, and which of them this process may use.
public struct Topology: Hashable, Sendable {
  /// `/sys/devices/system/cpu/online`: every CPU that a kernel-range flush must reach.
  public var online: CPUSet
  /// The CPUs of `sched_getaffinity` when the topology was read, among those online. Read it before pinning.
  public var allowed: CPUSet
  /// Ascending by number; never empty. Without NUMA, one node 0 with all CPUs.
  public var nodes: [NUMANode]
  /// `Mems_allowed_list` of `/proc/self/status`; all nodes where that row is absent.
  public var allowedNodes: CPUSet
  private var threadSiblings: [Int: CPUSet]

  /// `siblings`: the SMT siblings of each CPU, with or without itself; a CPU that is absent has none.
  public init(
    online: CPUSet, allowed: CPUSet, nodes: [NUMANode], allowedNodes: CPUSet, siblings: [Int: CPUSet] = [:]
  ) {
    self.online = online
    self.allowed = allowed
    self.nodes = nodes
    self.allowedNodes = allowedNodes
    threadSiblings = siblings
  }

  /// More than one node.
  public var hasNUMA: Bool { nodes.count > 1 }

  public func node(_ number: Int) -> NUMANode? { nodes.first { $0.number == number } }

  /// The node that the CPU belongs to; nil for a CPU that is not online.
  public func node(ofCPU cpu: Int) -> Int? { nodes.first { $0.cpus.contains(cpu) }?.number }

  /// The firmware's relative distance (10 = local); nil where it is not stated.
  public func distance(from node: Int, to other: Int) -> Int? {
    zip(nodes, self.node(node)?.distances ?? []).first { $0.0.number == other && $0.1 > 0 }?.1
  }

  /// The other hardware threads of the CPU's core, from `topology/thread_siblings_list`. Empty without SMT,
  /// and where the kernel does not say.
  public func siblings(of cpu: Int) -> CPUSet {
    (threadSiblings[cpu] ?? CPUSet([])).subtracting(CPUSet([cpu]))
  }
}
