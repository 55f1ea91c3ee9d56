// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Machine
import Model
import Statistics

/// What a timed region reads and writes beside the memory under test: the order of pages, and stamps. Resident, and on
/// the node of the CPU that measures, so that a remote store to a stamp is in no pair of nodes' figures.
public final class SampleBuffers {
  private let seed: UInt64
  private var generator: SeededGenerator
  private let topology: Topology
  /// Those of each node that was measured on; nil is a CPU whose node is not known.
  private var nodes: [Int?: NodeBuffers]
  private var current: NodeBuffers

  /// - Parameters:
  ///   - pages: that a block has, or more later.
  ///   - seed: of random orders, which are alike for every node.
  init(pages: Int, topology: Topology, measuring cpu: Int, seed: UInt64) throws(Refusal) {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    self.topology = topology
    let node = topology.node(ofCPU: cpu)
    current = try NodeBuffers(pages: pages, node: node, seed: seed)
    nodes = [node: current]
  }

  /// Makes ready, before anything is timed, for blocks of so many pages on a CPU: on another node others are used, and
  /// larger blocks take larger ones.
  func prepare(pages: Int, measuring cpu: Int) throws(Refusal) {
    let node = topology.node(ofCPU: cpu)
    if let own = nodes[node], own.capacity >= pages {
      current = own
    } else {
      current = try NodeBuffers(pages: max(pages, current.capacity), node: node, seed: seed)
      nodes[node] = current
    }
  }

  /// The most pages that a block of stamps has.
  public var capacity: Int { current.capacity }

  /// Where a timed region leaves its ticks: one more than pages.
  public var ticks: UnsafeMutablePointer<UInt64> { current.ticks }

  /// Where it leaves another figure of each page.
  public var delayTicks: UnsafeMutablePointer<UInt64> { current.ticks + capacity + 1 }

  /// The page to touch at each step of a block of `pages` pages.
  public func order(_ order: AccessOrder, pages: Int) -> UnsafeBufferPointer<UInt32> {
    current.order(order, pages: pages)
  }

  /// In random order, by the run's seed; another one each time.
  public func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
    elements.shuffled(using: &generator)
  }

  /// Where they begin, for whoever asks the kernel where they lie.
  var bases: [UnsafeMutableRawPointer] { current.bases }
}

/// The buffers on one node.
private final class NodeBuffers {
  /// The most pages that a block has.
  let capacity: Int
  private let stamps: Region
  private let sequential: Region
  private let random: Region
  /// Pages that the random table is an order of.
  private var randomPages = 0
  private let seed: UInt64

  /// - Parameter node: that they shall be on; nil where that is the kernel's to say. A kernel that refuses the policy
  ///   places them where the calling thread runs, which is pinned to that node's CPU.
  init(pages: Int, node: Int?, seed: UInt64) throws(Refusal) {
    if let node { try? MemoryPolicy.prefer(node: node) }
    capacity = pages
    self.seed = seed
    stamps = try Region.resident(bytes: (2 * pages + 1) * MemoryLayout<UInt64>.stride)
    sequential = try Region.resident(bytes: max(pages, 1) * MemoryLayout<UInt32>.stride)
    random = try Region.resident(bytes: max(pages, 1) * MemoryLayout<UInt32>.stride)
    for page in 0..<pages { Self.table(sequential)[page] = UInt32(page) }
  }

  private static func table(_ region: borrowing Region) -> UnsafeMutablePointer<UInt32> {
    region.base.assumingMemoryBound(to: UInt32.self)
  }

  var ticks: UnsafeMutablePointer<UInt64> { stamps.base.assumingMemoryBound(to: UInt64.self) }

  var bases: [UnsafeMutableRawPointer] { [stamps.base, sequential.base, random.base] }

  func order(_ order: AccessOrder, pages: Int) -> UnsafeBufferPointer<UInt32> {
    precondition(pages <= capacity)
    guard order == .random else {
      // A shorter block takes the table's start.
      return UnsafeBufferPointer(start: Self.table(sequential), count: pages)
    }
    let table = Self.table(random)
    if pages != randomPages {
      var generator = SeededGenerator(seed: seed)
      for (step, page) in (0..<UInt32(pages)).shuffled(using: &generator).enumerated() { table[step] = page }
      randomPages = pages
    }
    return UnsafeBufferPointer(start: table, count: pages)
  }
}
