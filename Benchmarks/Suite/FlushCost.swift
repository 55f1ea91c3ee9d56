// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import HostChanges
import Loops
import Machine
import Model
import Statistics

/// tlb-flush flush-cost: the part of a first touch that the kernel-range flush is, per page. Three methods; a plan
/// takes for each backing the first that the machine allows, and the row names it.
///
/// `switch`: the fault with the flush and without it, where the kernel can switch it. What the flush's absence
/// changes beside it (a stale entry that spares a walk) is in the difference.
///
/// `trace`: probes at the flush's entry and return stamp each call. The probes lie partly between the stamps: what they
/// take around an empty call is subtracted, and the same fault is measured without them beside it, so that the row
/// says what they add. Other CPUs are not probed, but a flush that waits for them meets them later than without.
///
/// `online-cpus`: the fault at several numbers of online CPUs, a line through them, and its slope times the CPUs that
/// a flush interrupts with all of them online. Whatever else grows with the CPUs (a lock, the frequency of a core whose
/// neighbours are awake) is in the slope, and what a flush costs on its own CPU is not; CPUs go in order of their
/// numbers, so that one node's or one sibling's may be nearer than the line says.
enum FlushCost {
  private static let name = "flush-cost"
  private static let summary = "the part of a fault that the flush is"
  private static let hostTouched = Backing.mappable.filter(\.removesDirectMap)
  /// The switch is for the flush of guest_memfd.
  private static let switchable = Backing.allCases.filter { $0.isGuestMemfd && $0.removesDirectMap }
  private static let leastPoints = 4
  /// More of them take time without telling more: the ends of the line bear it.
  private static let mostPoints = 8

  static let operations: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: TLBFlush.benchmark, name: name, summary: summary, method: "switch", armAxis: .flush,
        backings: switchable, tier: .answer, faultsPagesIn: true,
        runsGuest: true, expects: Expectation(guest: .onePerPage), takesThreads: true),
      requirement: needsSwitch,
      measure: touch),
    MeasuredOperation(
      OperationSpec(
        benchmark: TLBFlush.benchmark, name: name, summary: summary, method: "trace", backings: hostTouched,
        tier: .answer, faultsPagesIn: true, expects: Expectation(host: .onePerPage, flushes: .onePerPage)),
      requirement: { _, context in context.timed.flushProbeRefusal },
      measure: traced),
    MeasuredOperation(
      OperationSpec(
        benchmark: TLBFlush.benchmark, name: name, summary: summary, method: "online-cpus", others: [.idle],
        backings: hostTouched, tier: .answer, faultsPagesIn: true), requirement: needsHotplug, measure: swept),
  ]

  // MARK: switch

  private static func needsSwitch(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    do throws(Refusal) { try FlushSwitch.check(context.flushSwitch) } catch { return error }
    return measured.backing.isPrivate ? GuestFault.needsGuest(measured, context) : nil
  }

  /// The first store to each page, by the host where it has a mapping; the switch is the runner's to set.
  private static func touch(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    if measured.backing.isPrivate { return try GuestFault.touch(measured, context) }
    return try TLBFlush.touch(measured, context)
  }

  // MARK: trace

  private static func traced(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let fault = try medianFault(measured, context)
    let probing = try context.timed.probingFlushes(onCPU: context.cpus.measuring, calls: measured.pages) {
      () throws(Refusal) in try TLBFlush.touch(measured, context)
    }
    var reading = probing.value
    guard let probed = median(reading.samples), let empty = median(probing.emptyCalls) else {
      throw .failed("the probes recorded nothing")
    }
    reading.samples = probing.flushes.map { $0 - empty }
    reading.detail = MethodDetail(.probes(subtracted: empty), fault: fault, added: probed - fault)
    reading.flushes = probing.flushes.count
    return reading
  }

  /// Median fault of a fresh region, with neither counters nor a sample of its own.
  private static func medianFault(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> Double {
    let subject = try BlockMemory(measured, context)
    let base = try subject.base.assumingMemoryBound(to: UInt8.self)
    let order = context.buffers.order(measured.order, pages: measured.pages)
    let result = loops_touch(
      base, context.pageBytes, order.baseAddress, measured.pages, context.clock.kind, context.buffers.ticks)
    try check(result, "touching the region")
    guard let fault = median(context.stampSamples(measured).values) else {
      throw .failed("no page was touched")
    }
    return fault
  }

  // MARK: online-cpus

  private static func needsHotplug(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    guard measured.sibling == nil else {
      return .unsupported("the sweep itself says which CPUs are online", remedy: "--sibling idle")
    }
    return context.cpus.hotplugRefusal(least: leastPoints)
  }

  /// A block is a sweep over numbers of online CPUs, and gives one sample.
  private static func swept(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let all = context.topology.online
    var cpus = OnlineCPUs(beside: context.cpus.measuring, online: all)
    var points: [(x: Double, y: Double)] = []
    var sweep: BlockReading?
    for count in context.buffers.shuffled(spread(cpus.counts)) {
      if Runner.isInterrupted { throw .failed("interrupted") }
      do throws(Refusal) { try cpus.keep(cpus.remaining(count)) } catch { throw error.asFailure }
      try CPUAssignment.settle()
      let point = try TLBFlush.touch(measured, context)
      guard let fault = median(point.samples) else { throw .failed("no page was touched") }
      // Counters add up over the points; interrupts, which not every point has a column of each CPU for, are absent.
      sweep = sweep.map { $0.adding(point) } ?? point
      points.append((Double(count - 1), fault))
    }
    do throws(Refusal) { try cpus.restore() } catch { throw error.asFailure }
    guard let line = Line(through: points), var reading = sweep else {
      throw .failed("one number of CPUs makes no line")
    }
    reading.samples = [line.slope * Double(all.count - 1)]
    reading.detail = MethodDetail(.line(points: points.count), fault: line.intercept, added: line.slope)
    return reading
  }

  /// All of them, or as many as are worth it, evenly spread with both ends.
  static func spread(_ counts: ClosedRange<Int>) -> [Int] {
    let steps = min(counts.count, mostPoints) - 1
    guard steps > 0 else { return [counts.lowerBound] }
    return (0...steps).map { counts.lowerBound + (counts.count - 1) * $0 / steps }
  }
}
