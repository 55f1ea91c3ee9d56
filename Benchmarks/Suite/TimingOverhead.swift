// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Helpers
import Loops
import Model
import Statistics

/// What timing each page adds to a fault: the same loop with a stamp a page and timed once around, in turn.
public enum Timing {
  private static let blocks = 100
  /// More pages tell no more, and a large region's time would come on top of the budget.
  public static let mostPages = 512

  /// Least distance of two stamps of the chained loop with nothing between them, in ticks.
  public static func pageOverhead(_ clock: ckernel_clock) -> UInt64 {
    let steps = 4096
    let order = (0..<UInt32(steps)).map { $0 }
    var stamps = [UInt64](repeating: 0, count: steps + 1)
    loops_touch_floor(order, steps, clock, &stamps)
    return zip(stamps, stamps.dropFirst()).map { $1 &- $0 }.min() ?? 0
  }

  /// The three ways of timing one fresh region.
  private enum Way: CaseIterable {
    /// A stamp a page: how every figure is taken.
    case stamped
    /// Once around, with the fence of each stamp: what is left is reading the clock.
    case fenced
    /// Once around, as ordinary code runs.
    case plain
  }

  /// Measured on guest_memfd where the host can touch it, else on memfd; nil after an interruption.
  public static func measure(_ context: MeasuringContext, pages: Int) throws(Refusal) -> TimingOverhead? {
    // Tried, because a dialect that was insisted on may be another than the kernel's.
    let backing: Backing =
      (try? time(.guestMemfd, context, pages: pages, .plain)) == nil ? .memfd : .guestMemfd
    var times: [Way: [Double]] = [:]
    // Every way finds the frames that blocks find.
    let frames = FrameRotation(context)
    let measured = Case(FaultIn.benchmark, "touch", backing, pages: pages)
    try context.cpus.bystanders.hold(context.cpus.roles.held, .spin)
    for block in 0...blocks {
      if Runner.isInterrupted { return nil }
      // Which comes first rotates, so that none has the warmer caches.
      let ways = Way.allCases
      for way in ways[(block % ways.count)...] + ways[..<(block % ways.count)] {
        _ = frames.lend(to: measured)
        let time = try time(backing, context, pages: pages, way)
        frames.takeBack()
        if block > 0 { times[way, default: []].append(time) }
      }
    }
    guard let stamped = times[.stamped], let fenced = times[.fenced], let plain = times[.plain],
      let ratio = pairedEffect(zip(fenced, stamped).map { (baseline: $0, value: $1) })?.ratio,
      let perPage = median(stamped), let whole = median(fenced), let unfenced = median(plain)
    else { return nil }
    return TimingOverhead(
      backing: backing.rawValue, perPage: perPage, whole: whole, unfenced: unfenced,
      relative: ratio.value - 1,
      relativeLow: ratio.interval.low - 1, relativeHigh: ratio.interval.high - 1, blocks: stamped.count)
  }

  /// Nanoseconds a page for one fresh region.
  private static func time(
    _ backing: Backing, _ context: MeasuringContext, pages: Int, _ way: Way
  ) throws(Refusal) -> Double {
    let subject = try BlockMemory(backing, bytes: pages * context.pageBytes, context)
    let base = try subject.base.assumingMemoryBound(to: UInt8.self)
    let order = context.buffers.order(.sequential, pages: pages).baseAddress
    var ticks: UInt64 = 0
    switch way {
    case .stamped:
      let result = loops_touch(
        base, context.pageBytes, order, pages, context.clock.kind, context.buffers.ticks)
      try check(result, "touching the region")
      ticks = context.buffers.ticks[pages] &- context.buffers.ticks[0]
    case .fenced, .plain:
      let result = loops_touch_whole(
        base, context.pageBytes, order, pages, way == .fenced, context.clock.kind, &ticks)
      try check(result, "touching the region")
    }
    return Double(ticks) / context.clock.ticksPerNanosecond / Double(pages)
  }
}
