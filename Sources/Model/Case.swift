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

/// One benchmark and operation at one point of the axes.
public struct Case: Hashable, Codable, Sendable {
  public var benchmark: String
  public var operation: String
  public var backing: Backing
  /// Pages in the region of one block.
  public var pages: Int
  public var order: AccessOrder
  /// Threads that take part; 1 where only the measuring thread does.
  public var threads: Int
  /// Node of the measuring CPU.
  public var cpuNode: Int
  /// Node that the memory is bound to.
  public var memoryNode: Int
  public var others: OthersState
  public var state: BlockState
  /// nil where the case takes the direct map as it comes.
  public var directMap: DirectMapSetting?
  /// What the kernel's switch is set to; nil where the case leaves it alone. What the counters then show is
  /// the summary's.
  public var flush: FlushSetting?
  /// Pages that one call covers, the last one of a block perhaps fewer; nil where the operation leaves no choice.
  public var batch: Int?
  /// Which of a region's uses in a row is measured, the first being 1; nil where a region is used once.
  public var cycle: Int?
  /// Other CPUs that are kept busy while the rest is in the state `others`; nil where all of them are in it.
  public var busy: BusyCPUs?
  /// CPUs online, by hotplug; nil where the case leaves that alone.
  public var online: Int?
  /// Which of several identical arms; nil but in a selfcheck.
  public var replica: Int?

  public init(
    benchmark: String, operation: String, backing: Backing, pages: Int, order: AccessOrder, threads: Int,
    cpuNode: Int, memoryNode: Int, others: OthersState, state: BlockState = .cold,
    directMap: DirectMapSetting? = nil,
    flush: FlushSetting? = nil, batch: Int? = nil, cycle: Int? = nil, busy: BusyCPUs? = nil,
    online: Int? = nil,
    replica: Int? = nil
  ) {
    self.benchmark = benchmark
    self.operation = operation
    self.backing = backing
    self.pages = pages
    self.order = order
    self.threads = threads
    self.cpuNode = cpuNode
    self.memoryNode = memoryNode
    self.others = others
    self.state = state
    self.directMap = directMap
    self.flush = flush
    self.batch = batch
    self.cycle = cycle
    self.busy = busy
    self.online = online
    self.replica = replica
  }

  /// The canonical text of the axes: the key under which samples, series and comparisons meet.
  public var key: String {
    "\(benchmark)/\(operation)/\(backing.rawValue)/pages=\(pages)/order=\(order.rawValue)/threads=\(threads)"
      + "/cpu_node=\(cpuNode)/memory_node=\(memoryNode)/others=\(others.rawValue)"
      + "/state=\(state.rawValue)"
      + (directMap.map { "/direct_map=\($0.rawValue)" } ?? "")
      + (flush.map { "/flush=\($0.rawValue)" } ?? "") + (batch.map { "/batch=\($0)" } ?? "")
      + (cycle.map { "/cycle=\($0)" } ?? "") + (busy.map { "/busy=\($0.text)" } ?? "")
      + (online.map { "/online=\($0)" } ?? "") + (replica.map { "/replica=\($0)" } ?? "")
  }
}

extension Case {
  /// What cases that differ in their number of threads have in common: the region of several has pages of its own.
  public var apartFromThreads: Case {
    var common = self
    (common.threads, common.pages) = (1, 0)
    return common
  }
}

/// The unit of a case's values.
public enum SampleUnit: String, Codable, Sendable {
  /// Nanoseconds per page.
  case nanoseconds = "ns"
  /// Nanoseconds per virtual machine.
  case nanosecondsPerVM = "ns/vm"
  /// Instructions per page, where the clock counts them.
  case instructions
}

/// In what the arms of one group differ.
public enum ArmAxis: Hashable, Sendable {
  case backing
  case others
  case threads
  case flush
  case batch
  case cycle
  /// In backing and in how many of the other CPUs are busy: a curve for each backing.
  case busy
  /// In backing and in how many CPUs are online: likewise.
  case online
  /// In nothing: identical arms, held against each other.
  case replica
}
