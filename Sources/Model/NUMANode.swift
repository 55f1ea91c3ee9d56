// SPDX-License-Identifier: Apache-2.0

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
