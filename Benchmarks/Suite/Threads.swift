// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Loops
import Model

/// The first touch by several threads at once, of the host or of a guest's vCPUs, each in its own part of the region.
/// What it measures and how it can mislead stands in Loops/threads.c.
enum Threads {
  /// Why a case's threads are not to be had here, if they are not.
  static func refusal(_ measured: Case, _ bench: Workbench) -> Refusal? {
    let others = bench.crew(of: measured).held.count
    let further = measured.threads - 1
    guard further > 0 else { return nil }
    guard further <= others else {
      return .unsupported(
        "\(further) other \(further == 1 ? "CPU is" : "CPUs are") not to be had here: \(others) can be held")
    }
    guard measured.others != .spin || further < others else {
      return .unsupported("\(measured.threads) threads leave no CPU to spin on", remedy: "--others idle")
    }
    guard Parts.units(measured, bench) >= measured.threads else {
      let unit = measured.backing.isHuge ? "huge page" : "page"
      return .unsupported(
        "the region has less than a \(unit) for each of \(measured.threads) threads",
        remedy: "a larger --size")
    }
    return nil
  }

  /// What a row of several threads says of where they ran, beside its figures; nil where nothing is to be said.
  static func note(_ measured: Case, _ bench: Workbench) -> String? {
    let crew = bench.crew(of: measured)
    let elsewhere = crew.threadsElsewhere(of: measured)
    let cpus = CPUSet(crew.threads(of: measured))
    let sharing = cpus.members.count { !bench.topology.siblings(of: $0).intersection(cpus).isEmpty }
    let notes = [
      elsewhere > 0 ? "\(elsewhere) of the threads ran on other nodes than \(measured.cpuNode)" : nil,
      sharing > 0 ? "\(sharing) of the threads shared a core with another one" : nil,
    ].compactMap { $0 }
    return notes.isEmpty ? nil : notes.joined(separator: "; ")
  }

  /// Touches every page of a mapping, each timed by the thread whose part it is in, with counters around.
  static func timedTouch(
    _ base: UnsafeMutableRawPointer, _ measured: Case, _ bench: Workbench
  ) throws(Refusal) {
    var parts = try Parts(measured, bench)
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    try bench.timed("touching the region by \(measured.threads) threads") {
      loops_touch_together(bytes, bench.pageBytes, &parts.parts, parts.parts.count, bench.clock.kind)
    }
    parts.record(on: bench) { part, _ in
      bench.recordStamps(part.stamps, pages: part.pages, measured)
    }
  }

  /// A fresh VM with as many vCPUs as threads, which touch every page of the region under test.
  static func guestTouch(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    var parts = try Parts(measured, bench)
    let guest = try Guest.make(measured, bench, order: parts.order)
    var further: [FurtherCPU] = []
    for number in 1..<measured.threads { further.append(try guest.anotherCPU(number, bench)) }
    parts.give(toThread: 0) { guest.vcpu.entry(from: $0) }
    for (index, cpu) in further.enumerated() {
      parts.give(toThread: index + 1) { cpu.entry(from: $0) }
    }
    let before = try stats(guest.vcpu, further)
    try bench.timed("KVM_RUN of \(measured.threads) vCPUs") {
      let run = loops_guest_touch_together(
        bench.pageBytes, &parts.parts, parts.parts.count, bench.clock.kind)
      return run == -EPROTO ? 0 : run
    }
    if let ended = parts.parts.first(where: { $0.result == -EPROTO }) {
      throw .failed("the guest program ended with KVM exit \(ended.run.pointee.exit_reason)")
    }
    bench.record(try stats(guest.vcpu, further) - before)
    let log = guest.vcpu.log
    parts.record(on: bench) { part, first in
      bench.recordGuestLog(UnsafeBufferPointer(rebasing: log[first..<first + part.pages]), measured)
    }
    try guest.verifyPlacement(measured, bench)
    withExtendedLifetime(further) {}
  }

  private static func stats(
    _ vcpu: borrowing VirtualCPU, _ further: [FurtherCPU]
  ) throws(Refusal) -> VirtualCPUStats {
    var sum = try vcpu.readStats()
    for cpu in further { sum = sum + (try cpu.readStats()) }
    return sum
  }
}

/// What each thread does of a block, and where it leaves what it took: tables that are resident before threads start.
struct Parts: ~Copyable {
  fileprivate(set) var parts: [loops_part] = []
  private let memory: Region
  /// Where each thread's part begins, in pages and in `order`; last, where they end.
  private let bounds: [Int]

  private static let lineBytes = 64
  /// How long after the first a thread may begin, in ns: a hundred times what it takes where both CPUs run.
  private static let latestStart = 20_000.0

  /// What a thread's part is made of: pages, or huge pages where a fault brings in one.
  static func units(_ measured: Case, _ bench: Workbench) -> Int {
    measured.pages / unitPages(measured, bench)
  }

  private static func unitPages(_ measured: Case, _ bench: Workbench) -> Int {
    measured.backing.faultBytes(pageBytes: bench.pageBytes) / bench.pageBytes
  }

  /// Parts of a region that differ by one page (or huge page) at most, one behind the other.
  init(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let stamp = MemoryLayout<UInt64>.stride
    func lines(_ bytes: Int) -> Int { (bytes + Self.lineBytes - 1) / Self.lineBytes * Self.lineBytes }
    let tableBytes = lines(measured.pages * MemoryLayout<UInt32>.stride)
    // No two threads write to one line.
    memory = try Region.resident(
      bytes: tableBytes + measured.pages * stamp + measured.threads * (stamp + Self.lineBytes))
    let table = memory.base.assumingMemoryBound(to: UInt32.self)
    var stamps = memory.base + tableBytes
    let whole = bench.order(measured.order, pages: measured.pages)
    let units = Self.units(measured, bench)
    let unitPages = Self.unitPages(measured, bench)
    let threads = measured.threads
    bounds = (0...threads).map { $0 * units / threads * unitPages }
    var next = bounds
    for page in whole {
      // The last thread whose bound is not above the page.
      let thread = ((Int(page) / unitPages + 1) * threads - 1) / units
      table[next[thread]] = page
      next[thread] += 1
    }
    for (thread, cpu) in bench.crew.threads(of: measured).enumerated() {
      var part = loops_part()
      part.cpu = Int32(cpu)
      part.order = UnsafePointer(table + bounds[thread])
      part.pages = bounds[thread + 1] - bounds[thread]
      part.stamps = stamps.assumingMemoryBound(to: UInt64.self)
      stamps += lines((part.pages + 1) * stamp)
      parts.append(part)
    }
  }

  /// All parts' pages, one part after the other.
  var order: UnsafeBufferPointer<UInt32> {
    UnsafeBufferPointer(
      start: memory.base.assumingMemoryBound(to: UInt32.self), count: bounds[parts.count])
  }

  /// Gives a thread its vCPU, which is told the step that its part begins with.
  fileprivate mutating func give(toThread thread: Int, _ vcpu: (_ step: Int) -> VirtualCPUEntry) {
    let entry = vcpu(bounds[thread])
    parts[thread].vcpu = entry.descriptor
    parts[thread].run = entry.run
    parts[thread].guest = entry.guest
  }

  /// Records what the threads left. `samples` records a part's samples; it is told where its pages begin.
  fileprivate func record(on bench: Workbench, samples: (loops_part, _ firstStep: Int) -> Void) {
    var threads: [(late: Double, pages: Int, mean: Double)] = []
    let start = parts.map(\.begin).min() ?? 0
    for (thread, part) in parts.enumerated() {
      let before = bench.reading.samples.count
      samples(part, bounds[thread])
      let own = bench.reading.samples[before...]
      let late = Double(part.begin &- start) / bench.clock.ticksPerNanosecond
      threads.append((late, part.pages, own.reduce(0, +) / Double(own.count)))
    }
    let beside = parts.dropFirst()
    bench.record(
      Concurrency(parts: threads), minorFaults: beside.reduce(0) { $0 + $1.minor_faults },
      contextSwitches: beside.reduce(0) { $0 + $1.context_switches })
    // By the start alone: a bound on what ran at the same time would choose blocks by how long their faults took.
    if let latest = threads.map(\.late).max(), latest > Self.latestStart {
      bench.invalidate("a thread began \(Int(latest / 1000)) µs after the first")
    }
  }
}
