// SPDX-License-Identifier: Apache-2.0
import Machine

/// Which CPU does what while a block of a case runs.
public struct Crew: Hashable, Sendable {
  /// The CPU that measures.
  public let measuring: Int
  /// CPUs that a companion can hold.
  public let held: CPUSet
  /// All online CPUs.
  public let online: CPUSet
  /// Those of them that are left at each number of online CPUs that can be had, by hotplug.
  private let kept: [Int: CPUSet]
  /// The CPUs of each node.
  private let nodes: [Int: CPUSet]

  /// - Parameter kept: as of `OnlineCPUs.kept`; empty where no CPU is taken offline.
  public init(
    measuring: Int, held: CPUSet, online: CPUSet, nodes: [Int: CPUSet] = [:], kept: [Int: CPUSet] = [:]
  ) {
    self.measuring = measuring
    self.held = held
    self.online = online
    self.nodes = nodes
    self.kept = kept
  }

  init(measuring: Int, held: CPUSet, topology: Topology, allowsHotplug: Bool) {
    var kept: [Int: CPUSet] = [:]
    if allowsHotplug {
      let cpus = OnlineCPUs(beside: measuring, online: topology.online)
      for count in cpus.counts { kept[count] = cpus.kept(count) }
    }
    self.init(
      measuring: measuring, held: held, online: topology.online,
      nodes: Dictionary(topology.nodes.map { ($0.number, $0.cpus) }) { first, _ in first }, kept: kept)
  }

  /// The CPUs that are online; nil where so many cannot be had.
  public func online(in measured: Case) -> CPUSet? {
    guard let count = measured.online else { return online }
    return count == online.count ? online : kept[count]
  }

  /// The CPUs that companions keep busy, and with what; the other held ones are left alone.
  public func busy(in measured: Case) -> (cpus: CPUSet, state: BusyState) {
    let there = held.intersection(online(in: measured) ?? online)
    guard let busy = measured.busy else {
      return (measured.others == .spin ? there : CPUSet([]), .spin)
    }
    let pool = busy.node.map { there.intersection(nodes[$0] ?? CPUSet([])) } ?? there
    return (CPUSet(pool.members.prefix(busy.count)), busy.state)
  }

  /// The CPUs on a node that can be held.
  public func held(onNode node: Int) -> CPUSet { held.intersection(nodes[node] ?? CPUSet([])) }
}
