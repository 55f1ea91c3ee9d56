// SPDX-License-Identifier: Apache-2.0
import Model

extension Topology {
  /// Where the nodes come from.
  enum NodeSource { case library, files, none }

  /// Reads this machine's topology: nodes from libnuma, the rest from /proc and /sys. Below another root
  /// everything comes from the recorded files.
  public static func read(_ files: SystemFiles = SystemFiles()) throws(Refusal) -> Topology {
    try read(files, nodesFrom: files.isLive ? .library : .files)
  }

  static func read(_ files: SystemFiles, nodesFrom source: NodeSource) throws(Refusal) -> Topology {
    guard let online = onlineCPUs(files), !online.isEmpty else {
      throw Refusal.unsupported(
        "cannot tell which CPUs are online: neither /sys/devices/system/cpu/online nor /proc/stat reads",
        remedy: "mount /proc and /sys")
    }
    let status = files.text("/proc/self/status") ?? ""
    let affinity = files.isLive ? Affinity.current() : list("Cpus_allowed_list", in: status)
    let allowed = (affinity ?? online).intersection(online)
    guard !allowed.isEmpty else {
      throw Refusal.unsupported("no online CPU is allowed to this process (online \(online))")
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
