// SPDX-License-Identifier: Apache-2.0

/// One benchmark and operation at one point of the axes. What there is to say of each axis stands in ``Axis``.
public struct Case: Hashable, Codable, Sendable {
  public var benchmark: String
  public var operation: String
  public var backing: Backing
  /// Pages in the region of one block.
  public var pages: Int
  public var order = AccessOrder.sequential
  /// Threads that take part; 1 where only the measuring thread does.
  public var threads = 1
  /// Node of the measuring CPU.
  public var cpuNode = 0
  /// Node that the memory is bound to.
  public var memoryNode = 0
  public var others = OthersState.idle
  public var state = BlockState.cold
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
  /// What the measuring CPU's SMT siblings do; nil where they are left idle, and where there are none.
  public var sibling: SiblingState?
  /// Which of several identical arms; nil but in a selfcheck.
  public var replica: Int?

  /// A case whose other axes are neutral.
  public init(_ benchmark: String, _ operation: String, _ backing: Backing, pages: Int) {
    self.benchmark = benchmark
    self.operation = operation
    self.backing = backing
    self.pages = pages
  }

  /// The same with some properties set.
  public func with(_ change: (inout Case) -> Void) -> Case {
    var changed = self
    change(&changed)
    return changed
  }
}
