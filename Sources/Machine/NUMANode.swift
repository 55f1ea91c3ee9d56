// SPDX-License-Identifier: Apache-2.0
import CNuma

/// One memory node. It may have CPUs without memory, or memory without CPUs.
public struct NUMANode: Hashable, Sendable {
  /// As in `/sys/devices/system/node/nodeN`; numbers may have gaps.
  public var number: Int
  /// The node's online CPUs; empty for a node that is memory only.
  public var cpus: CPUSet
  /// Bytes of memory, 0 for a node that has none. A kernel that initialises memory lazily
  /// (`deferred_init=lazy`) counts only what it has initialised so far, as in `freeBytes`: there
  /// `availableMemory` says what can be had.
  public var memoryBytes: Int64
  /// Bytes free when the topology was read.
  public var freeBytes: Int64
  /// The firmware's relative distances (10 = local) to `Topology.nodes`, in that order; 0 = not stated.
  public var distances: [Int]

  public init(number: Int, cpus: CPUSet, memoryBytes: Int64, freeBytes: Int64, distances: [Int]) {
    self.number = number
    self.cpus = cpus
    self.memoryBytes = memoryBytes
    self.freeBytes = freeBytes
    self.distances = distances
  }
}

extension NUMANode {
  /// The nodes as libnuma reports them; nil where the kernel has no NUMA system calls.
  static func fromLibrary(online: CPUSet) -> [NUMANode]? {
    guard numa_available() >= 0 else { return nil }
    let highest = numa_max_node()
    guard highest >= 0 else { return nil }
    let numbers = (0...highest).filter { cnuma_node_exists($0) != 0 }
    guard !numbers.isEmpty, let mask = numa_allocate_cpumask() else { return nil }
    defer { numa_bitmask_free(mask) }
    return numbers.map { number in
      var free: CLongLong = 0
      // -1: libnuma found no such row, which a node without memory may lack.
      let size = numa_node_size64(number, &free)
      let cpus: CPUSet =
        numa_node_to_cpus(number, mask) == 0
        ? CPUSet(online.members.filter { numa_bitmask_isbitset(mask, UInt32($0)) != 0 }) : CPUSet([])
      return NUMANode(
        number: Int(number), cpus: cpus, memoryBytes: max(0, size), freeBytes: size < 0 ? 0 : free,
        distances: numbers.map { Int(numa_distance(number, $0)) })
    }
  }

  /// The nodes of a recorded tree, from the same files that libnuma reads.
  static func fromFiles(_ files: SystemFiles, online: CPUSet) -> [NUMANode]? {
    let folder = "/sys/devices/system/node"
    guard let names = files.names(in: folder) else { return nil }
    let numbers = names.compactMap { $0.hasPrefix("node") ? Int($0.dropFirst(4)) : nil }.sorted()
    guard !numbers.isEmpty else { return nil }
    return numbers.map { number in
      let node = "\(folder)/node\(number)"
      let distances = files.line("\(node)/distance")?.split(separator: " ").compactMap { Int($0) } ?? []
      return NUMANode(
        number: number,
        cpus: (files.text("\(node)/cpulist").flatMap { CPUSet(list: $0) } ?? CPUSet([])).intersection(online),
        memoryBytes: files.kibibytes("MemTotal", in: "\(node)/meminfo") ?? 0,
        freeBytes: files.kibibytes("MemFree", in: "\(node)/meminfo") ?? 0,
        distances: distances.count == numbers.count ? distances : numbers.map { _ in 0 })
    }
  }

  /// The one node of a machine whose kernel knows no NUMA.
  static func whole(_ files: SystemFiles, cpus: CPUSet) -> NUMANode {
    NUMANode(
      number: 0, cpus: cpus, memoryBytes: files.kibibytes("MemTotal", in: "/proc/meminfo") ?? 0,
      freeBytes: files.kibibytes("MemFree", in: "/proc/meminfo") ?? 0, distances: [10])
  }
}
