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

extension Topology {
  /// Where the nodes come from.
  enum NodeSource { case library, files, none }

  /// Reads this machine's topology: nodes from libnuma, the rest from /proc and /sys. Below another root
  /// everything comes from the recorded files.
  public static func read(_ files: SystemFiles = SystemFiles()) throws(MachineFailure) -> Topology {
    try read(files, nodesFrom: files.isLive ? .library : .files)
  }

  static func read(_ files: SystemFiles, nodesFrom source: NodeSource) throws(MachineFailure) -> Topology {
    guard let online = onlineCPUs(files), !online.isEmpty else {
      throw MachineFailure(
        message:
          "cannot tell which CPUs are online: neither /sys/devices/system/cpu/online nor /proc/stat reads",
        remedy: "mount /proc and /sys")
    }
    let status = files.text("/proc/self/status") ?? ""
    let affinity = files.isLive ? Affinity.current() : list("Cpus_allowed_list", in: status)
    let allowed = (affinity ?? online).intersection(online)
    guard !allowed.isEmpty else {
      throw MachineFailure(message: "no online CPU is allowed to this process (online \(online))")
    }
    let found: [NUMANode]? =
      switch source {
      case .library: NUMANode.fromLibrary(online: online)
      case .files: NUMANode.fromFiles(files, online: online)
      case .none: nil
      }
    let nodes = found ?? [.whole(files, cpus: online)]
    var siblings: [Int: CPUSet] = [:]
    for cpu in online.members {
      siblings[cpu] = files.text("/sys/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list")
        .flatMap { CPUSet(list: $0) }?.intersection(online)
    }
    return Topology(
      online: online, allowed: allowed, nodes: nodes,
      allowedNodes: list("Mems_allowed_list", in: status) ?? CPUSet(nodes.map(\.number)), siblings: siblings)
  }

  private static func onlineCPUs(_ files: SystemFiles) -> CPUSet? {
    if let set = files.text("/sys/devices/system/cpu/online").flatMap({ CPUSet(list: $0) }) { return set }
    // Sandboxes without /sys still list the online CPUs here, one `cpuN` row each.
    return files.text("/proc/stat").map { text in
      CPUSet(
        text.split(separator: "\n").compactMap { row in
          row.hasPrefix("cpu") ? Int(row.dropFirst(3).prefix { $0 != " " }) : nil
        })
    }
  }

  private static func list(_ name: String, in status: String) -> CPUSet? {
    status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      .flatMap { CPUSet(list: String($0.dropFirst(name.utf8.count + 1))) }
  }
}
