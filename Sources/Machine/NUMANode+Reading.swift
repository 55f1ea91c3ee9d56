// SPDX-License-Identifier: Apache-2.0
import CNuma
import Model

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
