// SPDX-License-Identifier: Apache-2.0

/// What the kernel counted while something ran. A counter that is absent is nil, never 0; nothing is clamped.
public struct Counters: Hashable, Codable, Sendable {
  /// How many differences this is the sum of; 0 only in `none`.
  public var intervals: Int

  /// Huge direct-map entries split (x86: level 2 = 2 MiB, level 3 = 1 GiB), from `/proc/vmstat`
  /// `direct_map_level{2,3}_splits`. Absent on arm64. Machine-wide.
  public var level2Splits: Int64?
  public var level3Splits: Int64?
  /// Direct-map entries merged again, from `direct_map_level{2,3}_collapses` (Linux 6.15 on; x86).
  public var level2Collapses: Int64?
  public var level3Collapses: Int64?

  /// Function call interrupts per CPU, in the order of the reader's CPUs: the row `CAL` of `/proc/interrupts`
  /// (arm64: the IPI row of that name). A kernel-range flush by IPI counts here; a CPU that polls while idle
  /// takes some of them without an interrupt.
  public var calInterrupts: [Int64]?
  /// TLB shootdowns of user ranges per CPU, the row `TLB`; these count in `CAL` as well. Nil on arm64.
  public var tlbInterrupts: [Int64]?
  /// Timer interrupts per CPU, the row `LOC` (arm64: `arch_timer`).
  public var localTimerInterrupts: [Int64]?

  /// Of the calling thread, voluntary and involuntary, from getrusage(RUSAGE_THREAD).
  public var contextSwitches: Int64?
  /// Moves of the calling thread to another CPU, `se.nr_migrations` of `/proc/self/task/TID/sched`, or perf's count
  /// where the kernel is built without that.
  public var migrations: Int64?
  /// Of the calling thread, from getrusage(RUSAGE_THREAD).
  public var minorFaults: Int64?
  /// Time stolen by the hypervisor, in ticks of 1/USER_HZ (10 ms), summed over the reader's CPUs, from
  /// `/proc/stat`.
  public var stolenTicks: Int64?
  /// Periods in which the control group was throttled (`nr_throttled` of its `cpu.stat`).
  public var throttled: Int64?
  /// Of the calling thread, from the CPU's own counters.
  public var hardware: HardwareCounts

  /// One interval's counters; what is not given is absent.
  public init(
    level2Splits: Int64? = nil, level3Splits: Int64? = nil, level2Collapses: Int64? = nil,
    level3Collapses: Int64? = nil, calInterrupts: [Int64]? = nil, tlbInterrupts: [Int64]? = nil,
    localTimerInterrupts: [Int64]? = nil, contextSwitches: Int64? = nil, migrations: Int64? = nil,
    minorFaults: Int64? = nil, stolenTicks: Int64? = nil, throttled: Int64? = nil,
    hardware: HardwareCounts = HardwareCounts()
  ) {
    intervals = 1
    self.level2Splits = level2Splits
    self.level3Splits = level3Splits
    self.level2Collapses = level2Collapses
    self.level3Collapses = level3Collapses
    self.calInterrupts = calInterrupts
    self.tlbInterrupts = tlbInterrupts
    self.localTimerInterrupts = localTimerInterrupts
    self.contextSwitches = contextSwitches
    self.migrations = migrations
    self.minorFaults = minorFaults
    self.stolenTicks = stolenTicks
    self.throttled = throttled
    self.hardware = hardware
  }

  /// Huge direct-map entries split, of either size; nil where neither is counted.
  public var splits: Int64? {
    guard level2Splits != nil || level3Splits != nil else { return nil }
    return (level2Splits ?? 0) + (level3Splits ?? 0)
  }

  /// Function call interrupts for each of `pages` on the CPU that took the most: a broadcast interrupts every CPU at
  /// once, so that its round trips are those of one. Nil where they were not counted.
  public func interruptTrips(pages: Int) -> Double? {
    calInterrupts.flatMap { $0.max() }.map { Double($0) / Double(max(pages, 1)) }
  }

  /// The same with the splits and collapses of another interval added; absent where absent on either side.
  public func addingSplits(of other: Counters) -> Counters {
    var total = self
    let rows: [WritableKeyPath<Counters, Int64?>] = [
      \.level2Splits, \.level3Splits, \.level2Collapses, \.level3Collapses,
    ]
    for row in rows {
      if let mine = self[keyPath: row], let its = other[keyPath: row] {
        total[keyPath: row] = mine + its
      } else {
        total[keyPath: row] = nil
      }
    }
    return total
  }

  /// The start of a sum: `none + x == x`. It differs from an interval whose counters are all absent.
  public static let none: Counters = {
    var none = Counters()
    none.intervals = 0
    return none
  }()

  /// Adds counter by counter. A counter that is absent on either side is absent in the sum, because a sum
  /// over part of the intervals would read as one over all; `none` alone adds nothing and takes nothing.
  /// Rows of different lengths (other CPUs) have no sum either.
  public static func + (left: Counters, right: Counters) -> Counters {
    if left.intervals == 0 { return right }
    if right.intervals == 0 { return left }
    func sum(_ counter: KeyPath<Counters, Int64?>) -> Int64? {
      guard let first = left[keyPath: counter], let second = right[keyPath: counter] else { return nil }
      return first + second
    }
    func sums(_ row: KeyPath<Counters, [Int64]?>) -> [Int64]? {
      guard let first = left[keyPath: row], let second = right[keyPath: row], first.count == second.count
      else {
        return nil
      }
      return zip(first, second).map { $0 + $1 }
    }
    var total = Counters(
      level2Splits: sum(\.level2Splits), level3Splits: sum(\.level3Splits),
      level2Collapses: sum(\.level2Collapses), level3Collapses: sum(\.level3Collapses),
      calInterrupts: sums(\.calInterrupts), tlbInterrupts: sums(\.tlbInterrupts),
      localTimerInterrupts: sums(\.localTimerInterrupts), contextSwitches: sum(\.contextSwitches),
      migrations: sum(\.migrations), minorFaults: sum(\.minorFaults), stolenTicks: sum(\.stolenTicks),
      throttled: sum(\.throttled), hardware: left.hardware + right.hardware)
    total.intervals = left.intervals + right.intervals
    return total
  }

  public static func += (left: inout Counters, right: Counters) { left = left + right }
}
