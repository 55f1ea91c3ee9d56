// SPDX-License-Identifier: Apache-2.0
import CKernel
import Experiment
import GuestMemory
import Loops
import Statistics

/// What timing each page adds to a fault: the same loop with a stamp a page and timed once around, in turn.
public enum Timing {
  private static let blocks = 60

  /// Least distance of two stamps of the chained loop with nothing between them, in ticks.
  public static func pageOverhead(_ clock: ckernel_clock) -> UInt64 {
    let steps = 4096
    let order = (0..<UInt32(steps)).map { $0 }
    var stamps = [UInt64](repeating: 0, count: steps + 1)
    loops_touch_floor(order, steps, clock, &stamps)
    return zip(stamps, stamps.dropFirst()).map { $1 &- $0 }.min() ?? 0
  }

  /// Measured on guest_memfd where there is one, else on memfd; nil after an interruption.
  public static func measure(_ bench: Workbench, pages: Int) throws(Refusal) -> TimingOverhead? {
    let abi = try? bench.kvm.capabilities.get().flags(for: .guestMemfd)
    let backing: Backing = abi == nil ? .memfd : .guestMemfd
    var pairs: [(baseline: Double, value: Double)] = []
    try bench.companions.hold(.spin)
    for block in 0...blocks {
      if Runner.isInterrupted { return nil }
      // Which comes first alternates, so that neither gets the warmer caches.
      let stampedFirst = block % 2 == 0
      let first = try time(backing, bench, pages: pages, stamped: stampedFirst)
      let second = try time(backing, bench, pages: pages, stamped: !stampedFirst)
      guard block > 0 else { continue }
      pairs.append(stampedFirst ? (baseline: second, value: first) : (baseline: first, value: second))
    }
    guard let ratio = pairedEffect(pairs)?.ratio,
      let whole = median(pairs.map(\.baseline)), let stamped = median(pairs.map(\.value))
    else { return nil }
    return TimingOverhead(
      backing: backing.rawValue, perPage: stamped, whole: whole, relative: ratio.value - 1,
      relativeLow: ratio.interval.low - 1, relativeHigh: ratio.interval.high - 1, blocks: pairs.count)
  }

  /// Nanoseconds a page for one fresh region, from first to last stamp or timed once around.
  private static func time(
    _ backing: Backing, _ bench: Workbench, pages: Int, stamped: Bool
  ) throws(Refusal) -> Double {
    let subject = try Subject(backing, bytes: pages * bench.pageBytes, bench)
    let base = try subject.base.assumingMemoryBound(to: UInt8.self)
    let order = bench.order(.sequential, pages: pages)
    let ticks: UInt64
    if stamped {
      let result = loops_touch(base, bench.pageBytes, order.baseAddress, pages, bench.clock.kind, bench.ticks)
      try check(result, "touching the region")
      ticks = bench.ticks[pages] &- bench.ticks[0]
    } else {
      var whole: UInt64 = 0
      let result = loops_touch_whole(
        base, bench.pageBytes, order.baseAddress, pages, bench.clock.kind, &whole)
      try check(result, "touching the region")
      ticks = whole
    }
    return Double(ticks) / bench.clock.ticksPerNanosecond / Double(pages)
  }
}
