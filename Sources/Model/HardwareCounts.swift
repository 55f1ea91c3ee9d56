// SPDX-License-Identifier: Apache-2.0

/// What the CPU's counters say of the calling thread, its guest left out. Absent is nil, never 0.
///
/// How it could mislead: the way out of one reading and into the next is counted, some hundred instructions of the
/// kernel's, and so are the interrupts that the thread happened to take. To leave a guest out, entering it takes the
/// CPU a little longer. Under a hypervisor a counter may be an emulated one.
public struct HardwareCounts: Hashable, Codable, Sendable {
  public var cyclesUser: Int64?
  public var cyclesKernel: Int64?
  public var instructionsUser: Int64?
  public var instructionsKernel: Int64?
  /// Loads and stores that missed the data TLB, by either side, at the level that the kernel's generic event stands
  /// for on this CPU.
  public var dtlbMisses: Int64?
  /// The same of instruction fetches.
  public var itlbMisses: Int64?
  /// Walks of the page tables for either; nil on a CPU that is not known to count just those as misses.
  public var pageWalks: Int64?

  public init(
    cyclesUser: Int64? = nil, cyclesKernel: Int64? = nil, instructionsUser: Int64? = nil,
    instructionsKernel: Int64? = nil, dtlbMisses: Int64? = nil, itlbMisses: Int64? = nil,
    pageWalks: Int64? = nil
  ) {
    self.cyclesUser = cyclesUser
    self.cyclesKernel = cyclesKernel
    self.instructionsUser = instructionsUser
    self.instructionsKernel = instructionsKernel
    self.dtlbMisses = dtlbMisses
    self.itlbMisses = itlbMisses
    self.pageWalks = pageWalks
  }

  /// Count by count; absent where either is.
  public static func + (left: HardwareCounts, right: HardwareCounts) -> HardwareCounts {
    HardwareCounts(
      cyclesUser: sum(left.cyclesUser, right.cyclesUser),
      cyclesKernel: sum(left.cyclesKernel, right.cyclesKernel),
      instructionsUser: sum(left.instructionsUser, right.instructionsUser),
      instructionsKernel: sum(left.instructionsKernel, right.instructionsKernel),
      dtlbMisses: sum(left.dtlbMisses, right.dtlbMisses), itlbMisses: sum(left.itlbMisses, right.itlbMisses),
      pageWalks: sum(left.pageWalks, right.pageWalks))
  }

  /// Absent where either is.
  public static func sum(_ left: Int64?, _ right: Int64?) -> Int64? {
    guard let left, let right else { return nil }
    return left + right
  }
}
