// SPDX-License-Identifier: Apache-2.0

/// In which order the pages of a region are touched.
public enum AccessOrder: String, CaseIterable, Codable, Sendable {
  case sequential
  case random
}

/// The state that every other CPU is held in while a block runs.
public enum OthersState: String, CaseIterable, Codable, Sendable {
  /// A pinned process of ours spins in user space on each: reproducible.
  case spin
  /// Left alone: what a quiet host pays.
  case idle
  /// Left alone, but kept from idle states: an idle CPU polls, and an interrupt need not wake it. Only where asked for.
  case poll

  /// The states that plans measure unless others are asked for.
  public static let usual: [OthersState] = [.spin, .idle]
}

/// The state of the measuring CPU's SMT siblings while a block runs. A case that leaves them idle names none.
public enum SiblingState: String, CaseIterable, Codable, Sendable {
  /// Left alone: a flush that reaches them may wait until they wake.
  case idle
  /// A pinned process of ours spins in user space on each, and shares the core with the measuring thread.
  case spin
  /// Taken offline by hotplug: the measuring thread has its core for itself, and a flush reaches one CPU less.
  case offline
}

/// What a block finds of the blocks before it.
public enum BlockState: String, CaseIterable, Codable, Sendable {
  /// Nothing: frames that are in no cache, from all over the kept memory, in random order.
  case cold
  /// A block of the same kind went before, and was not recorded.
  case warm
}

/// What a CPU does that is kept busy while others are left alone.
public enum BusyState: String, CaseIterable, Codable, Sendable {
  /// It runs in user space.
  case spin
  /// It makes one system call after the other.
  case syscall
  /// It runs in user space and walks a working set at intervals, which shows what an interruption makes it fetch
  /// again.
  case walk
  /// It runs a vCPU, whose guest runs in user space.
  case vcpu
}

/// How many of the other CPUs are kept busy, and with what.
public struct BusyCPUs: Hashable, Codable, Sendable {
  public var count: Int
  public var state: BusyState
  /// The node that they are of; nil where they are of any.
  public var node: Int?

  public init(_ count: Int, _ state: BusyState, node: Int? = nil) {
    self.count = count
    self.state = state
    self.node = node
  }

  /// `2:spin`, or `2:spin@1` of node 1.
  public var text: String { "\(count):\(state.rawValue)" + (node.map { "@\($0)" } ?? "") }
}

/// The state that a block finds the direct map in, where a case chooses it.
public enum DirectMapSetting: String, CaseIterable, Codable, Sendable {
  /// Memory that no block has used before, as far as the machine has any: a removal may split a huge entry.
  case cold
  /// Memory whose huge entries are split already: a removal splits none.
  case split
}

/// The flush after a removal, where a case switches it.
public enum FlushSetting: String, CaseIterable, Codable, Sendable {
  case on
  case off
}
