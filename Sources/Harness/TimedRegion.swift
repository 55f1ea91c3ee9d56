// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import GuestMemory
import Helpers
import HostChanges
import Machine
import Model

/// What was counted around a timed region.
public struct Counted {
  public var counters: Counters
  /// What each bystander counted meanwhile, in the order of their CPUs; ticks of the clock.
  let bystanders: [BystanderCounts]
  /// The bystanders that were busy.
  let busy: CPUSet
  /// Why what was timed is no result.
  let shortcoming: String?
}

/// What one bystander counted during a timed region.
struct BystanderCounts {
  let cpu: Int
  let before: chelpers_bystander_counts
  let after: chelpers_bystander_counts

  var difference: chelpers_bystander_counts {
    chelpers_bystander_counts(
      gaps: after.gaps &- before.gaps, stolen: after.stolen &- before.stolen,
      calm_walks: after.calm_walks &- before.calm_walks, calm_ticks: after.calm_ticks &- before.calm_ticks,
      refill_walks: after.refill_walks &- before.refill_walks,
      refill_ticks: after.refill_ticks &- before.refill_ticks)
  }
}

/// Memory that was laid out, untimed, for a timed region after it.
public struct Prepared<Memory: ~Copyable>: ~Copyable {
  public let memory: Memory
  public let directMap: DirectMapChange
  /// What the preparing counted: its splits are the block's.
  public let counters: Counters
}

/// The timed region with what surrounds it: counters read just before and just after, what the bystanders counted, and
/// probes of the kernel's flush.
public final class TimedRegion {
  private let clock: MeasuringClock
  private let processes: BystanderProcesses
  private let pageBytes: Int
  private var counters: CounterReader
  /// The CPUs that `counters` reads.
  private var countedCPUs: CPUSet
  private var countsBefore: [chelpers_bystander_counts]
  private var countsAfter: [chelpers_bystander_counts]
  private var flushProbe: FlushProbe?
  /// Whether what is timed has /proc/interrupts read around it.
  var countsInterrupts = true
  /// What reading it has taken of readers that were replaced.
  private var earlierInterruptNanoseconds: UInt64 = 0

  init(clock: MeasuringClock, bystanders: BystanderProcesses, online: CPUSet, pageBytes: Int) {
    self.clock = clock
    self.processes = bystanders
    self.pageBytes = pageBytes
    counters = CounterReader(cpus: online)
    countedCPUs = online
    countsBefore = Array(repeating: chelpers_bystander_counts(), count: bystanders.cpus.count)
    countsAfter = countsBefore
  }

  /// An offline CPU has no column in the rows of counters.
  func count(_ online: CPUSet) {
    guard online != countedCPUs else { return }
    earlierInterruptNanoseconds += counters.interruptNanoseconds
    counters = CounterReader(cpus: online)
    countedCPUs = online
  }

  /// What reading /proc/interrupts has taken so far.
  var interruptNanoseconds: UInt64 { earlierInterruptNanoseconds + counters.interruptNanoseconds }

  /// Counters that blocks will lack, and why.
  public var uncounted: [Finding] { counters.findings }

  /// Runs a timed region with counters read just before and just after it.
  ///
  /// - Parameter runsGuest: as of `CounterReader.snapshot`.
  public func callAsFunction(
    _ call: String, runsGuest: Bool = false, _ body: () -> Int32
  ) throws(Refusal) -> Counted {
    processes.read(into: &countsBefore)
    counters.snapshot(.before, runsGuest: runsGuest, interrupts: countsInterrupts)
    let result = body()
    counters.snapshot(.after, runsGuest: runsGuest, interrupts: countsInterrupts)
    processes.read(into: &countsAfter)
    let difference = counters.difference()
    try check(result, call)
    let bystanders = processes.cpus.members.indices.map {
      BystanderCounts(cpu: processes.cpus.members[$0], before: countsBefore[$0], after: countsAfter[$0])
    }
    let isThrottled = difference.throttled.map { $0 > 0 } ?? false
    return Counted(
      counters: difference, bystanders: bystanders, busy: processes.busy,
      shortcoming: isThrottled ? "the CPU quota throttled this process" : nil)
  }

  /// Huge entries of the direct map that split while something untimed runs, machine-wide; nil where the kernel does
  /// not count them.
  public func splits(during body: () throws(Refusal) -> Void) throws(Refusal) -> Int64? {
    counters.snapshot(.before, interrupts: false)
    try body()
    counters.snapshot(.after, interrupts: false)
    return counters.difference().splits
  }

  /// Lays out, untimed, the memory that a block then times.
  public func preparing<Memory: ~Copyable>(
    _ body: () throws(Refusal) -> Memory
  ) throws(Refusal) -> Prepared<Memory> {
    let before = DirectMapSizes.read()
    counters.snapshot(.before, interrupts: false)
    let memory = try body()
    counters.snapshot(.after, interrupts: false)
    let difference = counters.difference()
    let directMap = DirectMapChange(
      before: before, after: DirectMapSizes.read(), level2Splits: difference.level2Splits,
      tableBytes: difference.splits.map { $0 * Int64(pageBytes) })
    return Prepared(memory: memory, directMap: directMap, counters: difference)
  }

  /// What the busy CPUs say one by one of the timed region that was counted last.
  public func bystanders(_ counted: Counted) -> Bystanders {
    let rate = clock.ticksPerNanosecond
    var bystanders = Bystanders(cpus: counted.busy)
    let busy = counted.bystanders.indices.filter { counted.busy.contains(counted.bystanders[$0].cpu) }
    for index in busy {
      let record = counted.bystanders[index]
      bystanders.stolen.append(Double(record.difference.stolen) / rate)
      bystanders.gaps += processes.lengths(index, from: record.before, to: record.after)
        .map { Double($0) / rate }
    }
    bystanders.walks = Bystanders.Walks(
      busy.map { counted.bystanders[$0].difference }, ticksPerNanosecond: rate)
    return bystanders
  }

  // MARK: the kernel's flush

  /// The trace clock that counts in this clock's ticks.
  private var traceClock: FlushProbe.TraceClock { clock.isCounter ? .counter : .monotonic }

  /// Why the flush cannot be probed here, if it cannot; looked up once, since the kernel's symbols are many.
  public private(set) lazy var flushProbeRefusal: Refusal? = {
    do throws(Refusal) {
      try FlushProbe.check(traceClock)
      return nil
    } catch { return error }
  }()

  /// Runs `body` on `cpu` with probes around the kernel's flush, and says how long each flush of this thread took in it,
  /// and each of some empty calls, in the unit of the clock. The probes are made once a group, and armed only here.
  public func probingFlushes<Value>(
    onCPU cpu: Int, calls: Int, _ body: () throws(Refusal) -> Value
  ) throws(Refusal) -> (value: Value, flushes: [Double], emptyCalls: [Double]) {
    let ticks: (flushes: [UInt64], emptyCalls: [UInt64])
    do throws(Refusal) {
      if flushProbe == nil {
        flushProbe = try .make(cpu: cpu, thread: ckernel_gettid(), calls: calls, clock: traceClock)
      }
      try flushProbe?.arm()
    } catch { throw error.asFailure }
    let result = Result { () throws(Refusal) in try body() }
    do throws(Refusal) {
      try flushProbe?.disarm()
      ticks = try flushProbe?.durations() ?? ([], [])
    } catch { throw error.asFailure }
    let rate = clock.ticksPerNanosecond
    return (
      try result.get(), ticks.flushes.map { Double($0) / rate }, ticks.emptyCalls.map { Double($0) / rate }
    )
  }

  /// Lets the group's probes go.
  func endGroup() { flushProbe = nil }
}
