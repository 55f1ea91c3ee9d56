// SPDX-License-Identifier: Apache-2.0
import CKernel
import Model

/// Reads the kernel's counters before and after a block.
///
/// How it could mislead: the reading is work of its own. So files and buffers are made once, a snapshot only
/// copies raw bytes into memory that is already resident, and parsing waits for `difference`. What a snapshot
/// does disturb is kept out of the thread's own counters by taking those last before and first after. The
/// other counters are the whole machine's: they include whatever else runs.
public struct CounterReader: ~Copyable {
  public enum Slot { case before, after }

  private let cpus: CPUSet
  private var interrupts: SnapshotFile?
  private var vmstat: SnapshotFile?
  private var stat: SnapshotFile?
  private var sched: SnapshotFile?
  private var cpuStat: SnapshotFile?
  private var perf: PerfCounters
  private let lacksStoreMisses: Bool
  private let missesAreWalks: Bool
  private var usageBefore: ckernel_thread_usage?
  private var usageAfter: ckernel_thread_usage?

  /// What reading /proc/interrupts has taken so far.
  public private(set) var interruptNanoseconds: UInt64 = 0

  /// Which counters are absent, and why.
  public let findings: [Finding]

  /// Opens the files for the calling thread, which must be the one that takes the snapshots. A file that
  /// cannot be opened leaves its counters absent. A recorded tree has none of the CPU's counters.
  public init(cpus: CPUSet) { self.init(cpus: cpus, files: SystemFiles()) }

  init(cpus: CPUSet, files: SystemFiles) {
    self.cpus = cpus
    interrupts = SnapshotFile(files.root + "/proc/interrupts")
    vmstat = SnapshotFile(files.root + "/proc/vmstat")
    stat = SnapshotFile(files.root + "/proc/stat")
    let schedPath = "/proc/self/task/\(files.isLive ? ckernel_gettid() : 1)/sched"
    sched = SnapshotFile(files.root + schedPath)
    cpuStat = Quota.statisticsPath(files).flatMap { SnapshotFile(files.root + $0) }
    // What perf counts of a thread makes its switches dearer, so nothing is counted twice.
    let uncounted: [PerfEvent] =
      files.text(schedPath)?.contains("se.nr_migrations") == true ? [] : [.migrations]
    // Local until `findings` has its value: once the property has one, Swift 6.3's optimiser takes the assignment to
    // `findings` for a second one and releases what was on the stack.
    let perf = PerfCounters(files.isLive ? uncounted + PerfEvent.byWorth : [])
    let missesAreWalks = PerfEvent.missesAreWalks(files)
    let countsMisses = perf.events.contains(.dtlbLoadMisses) && perf.events.contains(.itlbMisses)
    findings =
      UncountedEvent.findings(perf.uncounted, files: files)
      + (countsMisses && !missesAreWalks ? [UncountedEvent.unknownWalks] : [])
    lacksStoreMisses = perf.uncounted.contains(where: \.isOfNoConsequence)
    self.missesAreWalks = missesAreWalks
    self.perf = perf
  }

  /// Takes a snapshot: about seven system calls and one per page of the files; no allocation.
  ///
  /// - Parameters:
  ///   - runsGuest: whether a guest runs between the two: what perf_event counts is off meanwhile, because each entry to
  ///     the guest would switch it.
  ///   - interrupts: whether /proc/interrupts is read, which takes longest; the same for both of a pair.
  public mutating func snapshot(_ slot: Slot, runsGuest: Bool = false, interrupts: Bool = true) {
    switch slot {
    case .before:
      stat?.read(slot)
      cpuStat?.read(slot)
      sched?.read(slot)
      vmstat?.read(slot)
      if interrupts { readInterrupts(slot) } else { self.interrupts?.skip() }
      usageBefore = Self.usage()
      if runsGuest { perf.pause() } else { perf.read(slot) }
    case .after:
      if runsGuest { perf.resume() } else { perf.read(slot) }
      usageAfter = Self.usage()
      if interrupts { readInterrupts(slot) }
      vmstat?.read(slot)
      sched?.read(slot)
      cpuStat?.read(slot)
      stat?.read(slot)
    }
  }

  private mutating func readInterrupts(_ slot: Slot) {
    let start = ckernel_clock_monotonic()
    interrupts?.read(slot)
    interruptNanoseconds += ckernel_clock_monotonic() - start
  }

  private static func usage() -> ckernel_thread_usage? {
    var usage = ckernel_thread_usage()
    return ckernel_thread_usage(&usage) == 0 ? usage : nil
  }

  /// The last `after` less the last `before`. Counters are absent where either snapshot lacks them.
  public func difference() -> Counters {
    var counters = Counters()
    func vmstat(_ name: String) -> Int64? {
      change(self.vmstat) { text in text.integer(afterRow: name) }
    }
    counters.level2Splits = vmstat("direct_map_level2_splits")
    counters.level3Splits = vmstat("direct_map_level3_splits")
    counters.level2Collapses = vmstat("direct_map_level2_collapses")
    counters.level3Collapses = vmstat("direct_map_level3_collapses")
    counters.calInterrupts = row("Function call interrupts")
    counters.tlbInterrupts = row("TLB shootdowns")
    counters.localTimerInterrupts = row("Local timer interrupts") ?? row("arch_timer")
    let counts = perf.difference()
    counters.hardware = HardwareCounts(
      counts, lacksStoreMisses: lacksStoreMisses, missesAreWalks: missesAreWalks)
    counters.migrations =
      change(sched) { text in text.integer(afterRow: "se.nr_migrations") } ?? counts[.migrations]
    counters.throttled = change(cpuStat) { text in text.integer(afterRow: "nr_throttled") }
    counters.stolenTicks = change(stat) { text in text.stolenTicks(of: cpus) }
    if let before = usageBefore, let after = usageAfter {
      counters.minorFaults = after.minor_faults - before.minor_faults
      counters.contextSwitches =
        after.voluntary_switches + after.involuntary_switches - before.voluntary_switches
        - before.involuntary_switches
    }
    return counters
  }

  private func change(_ file: borrowing SnapshotFile?, _ read: (KernelText) -> Int64?) -> Int64? {
    guard let before = Self.value(file, .before, read), let after = Self.value(file, .after, read) else {
      return nil
    }
    return after - before
  }

  private func row(_ description: String) -> [Int64]? {
    let cpus = self.cpus
    let read = { (text: KernelText) in text.interrupts(describedAs: description, cpus: cpus) }
    guard let before = Self.value(interrupts, .before, read), let after = Self.value(interrupts, .after, read)
    else { return nil }
    // The kernel's per-CPU cells are 32 bits wide and wrap.
    return zip(before, after).map { $1 < $0 ? $1 - $0 + 1 << 32 : $1 - $0 }
  }

  // Inlined into `change`, it aborts the optimiser of Swift 6.3.1 (SimplifyCFG, in release builds).
  @inline(never)
  private static func value<Value>(
    _ file: borrowing SnapshotFile?, _ slot: Slot, _ read: (KernelText) -> Value?
  ) -> Value? {
    switch file {
    case .some(let file): file.contents(slot).flatMap { read(KernelText(bytes: $0)) }
    case .none: nil
    }
  }
}

/// An open file with room for two readings of it.
struct SnapshotFile: ~Copyable {
  private let file: KernelFile
  private let before: UnsafeMutableRawBufferPointer
  private let after: UnsafeMutableRawBufferPointer
  /// Bytes read; nil before a reading and after one that failed or did not fit.
  private var beforeLength: Int?
  private var afterLength: Int?

  /// Opens the file and makes room for half as much again as it holds now. Nil when it does not read.
  init?(_ path: String) {
    guard let file = try? KernelFile(path) else { return nil }
    var trial = [UInt8](repeating: 0, count: 65_536)
    var size = 0
    while true {
      let got = trial.withUnsafeMutableBytes { file.read(into: $0, offset: size) }
      if got < 0 { return nil }
      if got == 0 { break }
      size += got
    }
    self.file = file
    before = Self.resident(size + size / 2 + 8_192)
    after = Self.resident(size + size / 2 + 8_192)
  }

  deinit {
    before.deallocate()
    after.deallocate()
  }

  /// Written to, so that a snapshot faults nothing in.
  private static func resident(_ count: Int) -> UnsafeMutableRawBufferPointer {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    buffer.initializeMemory(as: UInt8.self, repeating: 1)
    return buffer
  }

  mutating func read(_ slot: CounterReader.Slot) {
    let buffer = slot == .before ? before : after
    var length: Int? = 0
    while let done = length {
      let got = file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]), offset: done)
      if got == 0 { break }
      // A full buffer cannot be told from a cut-off file.
      length = got < 0 || done + got == buffer.count ? nil : done + got
    }
    if slot == .before { beforeLength = length } else { afterLength = length }
  }

  /// Forgets both readings.
  mutating func skip() { (beforeLength, afterLength) = (nil, nil) }

  func contents(_ slot: CounterReader.Slot) -> UnsafeRawBufferPointer? {
    let length = slot == .before ? beforeLength : afterLength
    return length.map { UnsafeRawBufferPointer(rebasing: (slot == .before ? before : after)[..<$0]) }
  }
}
