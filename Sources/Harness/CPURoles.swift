// SPDX-License-Identifier: Apache-2.0
import HostChanges
import Model

/// Which CPU does what while a block of a case runs.
public struct CPURoles: Hashable, Sendable {
  /// The CPU that measures.
  public let measuring: Int
  /// CPUs that a bystander can hold.
  public let held: CPUSet
  /// The SMT siblings of the measuring CPU that are online. No thread of a case runs there, and nothing else of ours
  /// unless the case says so.
  public let siblings: CPUSet
  /// All online CPUs.
  public let online: CPUSet
  /// Those of them that are left at each number of online CPUs that can be had, by hotplug.
  private let remaining: [Int: CPUSet]
  /// The CPUs of each node.
  private let nodes: [Int: CPUSet]
  /// The measuring CPU and the held ones, in the order in which threads take them.
  private let threadOrder: [Int]

  /// - Parameters:
  ///   - siblings: the SMT siblings of each CPU; a CPU that is absent has none.
  ///   - remaining: as of `OnlineCPUs.remaining`; empty where no CPU is taken offline.
  public init(
    measuring: Int, held: CPUSet, online: CPUSet, nodes: [Int: CPUSet] = [:], siblings: [Int: CPUSet] = [:],
    remaining: [Int: CPUSet] = [:]
  ) {
    self.measuring = measuring
    self.held = held
    self.online = online
    self.siblings = (siblings[measuring] ?? CPUSet([])).intersection(online).subtracting(CPUSet([measuring]))
    self.nodes = nodes
    self.remaining = remaining
    let home = nodes.first { $0.value.contains(measuring) }?.key
    func rank(_ cpu: Int) -> (Int, Int, Int) {
      let node = nodes.first { $0.value.contains(cpu) }?.key
      let before = siblings[cpu]?.intersection(held).members.filter { $0 < cpu } ?? []
      return (node == home ? -1 : node ?? 0, before.count, cpu)
    }
    threadOrder = [measuring] + held.members.sorted { rank($0) < rank($1) }
  }

  init(measuring: Int, held: CPUSet, topology: Topology, allowsHotplug: Bool) {
    var remaining: [Int: CPUSet] = [:]
    if allowsHotplug {
      let cpus = OnlineCPUs(beside: measuring, online: topology.online)
      for count in cpus.counts { remaining[count] = cpus.remaining(count) }
    }
    self.init(
      measuring: measuring, held: held, online: topology.online,
      nodes: Dictionary(topology.nodes.map { ($0.number, $0.cpus) }) { first, _ in first },
      siblings: Dictionary(
        uniqueKeysWithValues: held.union(CPUSet([measuring])).members.map { ($0, topology.siblings(of: $0)) }),
      remaining: remaining)
  }

  /// The CPUs that are online; nil where so many cannot be had.
  public func online(in measured: Case) -> CPUSet? {
    let staying = measured.sibling == .offline ? online.subtracting(siblings) : online
    guard let count = measured.online else { return staying }
    return count == staying.count ? staying : remaining[count]
  }

  /// The CPUs that a case's threads run on, the measuring one first: as far as they go those of its node, and of each
  /// node a hardware thread of every core before a second one of any. Fewer than the case's where more are not to be
  /// had.
  public func threads(of measured: Case) -> [Int] { Array(threadOrder.prefix(measured.threads)) }

  /// How many of them are on another node than the measuring one.
  public func threadsElsewhere(of measured: Case) -> Int {
    guard let home = nodes.values.first(where: { $0.contains(measuring) }) else { return 0 }
    return threads(of: measured).count { !home.contains($0) }
  }

  /// The CPUs that bystanders keep busy, and with what; the other held ones are left alone, or to the case's threads.
  public func busy(in measured: Case) -> (cpus: CPUSet, state: BusyState) {
    let available = held.intersection(online(in: measured) ?? online)
      .subtracting(CPUSet(threads(of: measured)))
    guard let busy = measured.busy else {
      let others = measured.others == .spin ? available : CPUSet([])
      return (measured.sibling == .spin ? others.union(siblings) : others, .spin)
    }
    let pool = busy.node.map { available.intersection(nodes[$0] ?? CPUSet([])) } ?? available
    return (CPUSet(pool.members.prefix(busy.count)), busy.state)
  }

  /// The CPUs on a node that can be held.
  public func held(onNode node: Int) -> CPUSet { held.intersection(nodes[node] ?? CPUSet([])) }
}
