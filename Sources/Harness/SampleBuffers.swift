// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Machine
import Model
import Statistics

/// What a timed region reads and writes beside the memory under test: the order of pages, and stamps. Resident, and on
/// the node of the CPU that measures, so that a remote store to a stamp is in no pair of nodes' figures.
final class SampleBuffers {
  private let stamps: Region
  private let sequential: Region
  private let random: Region
  /// Pages that the random table is an order of.
  private var randomPages: Int
  /// The most pages that a block has.
  private let capacity: Int

  /// - Parameters:
  ///   - node: that they shall be on; nil where that is the kernel's to say. A kernel that refuses the policy places them
  ///     where the calling thread runs, which is pinned to that node's CPU.
  ///   - random: an order of all pages, alike for every node.
  init(random order: [UInt32], node: Int?) throws(Refusal) {
    if let node { try? MemoryPolicy.prefer(node: node) }
    capacity = order.count
    randomPages = order.count
    stamps = try Region.resident(bytes: (2 * order.count + 1) * MemoryLayout<UInt64>.stride)
    sequential = try Self.table(Array(0..<UInt32(order.count)))
    random = try Self.table(order)
  }

  private static func table(_ order: [UInt32]) throws(Refusal) -> Region {
    let region = try Region.resident(bytes: max(order.count, 1) * MemoryLayout<UInt32>.stride)
    let table = region.base.assumingMemoryBound(to: UInt32.self)
    for (step, page) in order.enumerated() { table[step] = page }
    return region
  }

  /// Where they begin, for whoever asks the kernel where they lie.
  var bases: [UnsafeMutableRawPointer] { [stamps.base, sequential.base, random.base] }

  /// The page to touch at each step of a block of `pages` pages.
  func order(_ order: AccessOrder, pages: Int) -> UnsafeBufferPointer<UInt32> {
    precondition(pages <= capacity)
    guard order == .random else {
      // A shorter block takes the table's start.
      return UnsafeBufferPointer(start: sequential.base.assumingMemoryBound(to: UInt32.self), count: pages)
    }
    let table = random.base.assumingMemoryBound(to: UInt32.self)
    if pages < randomPages {
      // The pages that a shorter block has, in the order that they have: a random one again.
      var kept = 0
      for step in 0..<randomPages where table[step] < pages {
        table[kept] = table[step]
        kept += 1
      }
      randomPages = pages
    }
    precondition(pages == randomPages, "a plan's blocks are of one size")
    return UnsafeBufferPointer(start: table, count: pages)
  }

  /// Where a timed region leaves its ticks: one more than pages.
  var ticks: UnsafeMutablePointer<UInt64> { stamps.base.assumingMemoryBound(to: UInt64.self) }

  /// Where it leaves another figure of each page.
  var delayTicks: UnsafeMutablePointer<UInt64> { ticks + capacity + 1 }
}
