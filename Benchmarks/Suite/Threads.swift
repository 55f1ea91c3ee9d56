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
  static func refusal(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    let others = context.cpus.roles(of: measured).held.count
    let further = measured.threads - 1
    guard further > 0 else { return nil }
    guard further <= others else {
      return .unsupported(
        "\(further) other \(further == 1 ? "CPU is" : "CPUs are") not to be had here: \(others) can be held")
    }
    guard measured.others != .spin || further < others else {
      return .unsupported("\(measured.threads) threads leave no CPU to spin on", remedy: "--others idle")
    }
    return nil
  }

  /// What a row of several threads says of where they ran, beside its figures; nil where nothing is to be said.
  static func note(_ measured: Case, _ context: MeasuringContext) -> String? {
    let roles = context.cpus.roles(of: measured)
    let elsewhere = roles.threadsElsewhere(of: measured)
    let cpus = CPUSet(roles.threads(of: measured))
    let sharing = cpus.members.count { !context.topology.siblings(of: $0).intersection(cpus).isEmpty }
    let notes = [
      elsewhere > 0 ? "\(elsewhere) of the threads ran on other nodes than \(measured.cpuNode)" : nil,
      sharing > 0 ? "\(sharing) of the threads shared a core with another one" : nil,
    ].compactMap { $0 }
    return notes.isEmpty ? nil : notes.joined(separator: "; ")
  }

  /// From the last thread's arrival to the common start, in nanoseconds: longer than it takes for all to see it.
  private static let lead = 20_000.0

  private static func lead(_ clock: MeasuringClock) -> UInt64 { UInt64(lead * clock.ticksPerNanosecond) }

  /// Touches every page of a mapping, each timed by the thread whose part it is in, with counters around.
  static func timedTouch(
    _ base: UnsafeMutableRawPointer, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> Touched {
    var parts = try Parts(measured, context)
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    let counted = try context.timed("touching the region by \(measured.threads) threads") {
      loops_touch_together(
        bytes, context.pageBytes, &parts.parts, parts.parts.count, context.clock.kind, lead(context.clock))
    }
    return parts.touched(counted, context) { part, _ in
      context.stampSamples(part.stamps, pages: part.pages, measured)
    }
  }

  /// A fresh VM with as many vCPUs as threads, which touch every page of the region under test.
  static func guestTouch(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    var parts = try Parts(measured, context)
    let guest = try Guest.make(measured, context, order: parts.order)
    var further: [FurtherCPU] = []
    for number in 1..<measured.threads { further.append(try guest.anotherCPU(number, context.kvm)) }
    parts.give(toThread: 0) { guest.vcpu.entry(from: $0) }
    for (index, cpu) in further.enumerated() {
      parts.give(toThread: index + 1) { cpu.entry(from: $0) }
    }
    let before = try stats(guest.vcpu, further)
    let counted = try context.timed("KVM_RUN of \(measured.threads) vCPUs", runsGuest: true) {
      let run = loops_guest_touch_together(
        context.pageBytes, &parts.parts, parts.parts.count, context.clock.kind, lead(context.clock))
      return run == -EPROTO ? 0 : run
    }
    if let ended = parts.parts.first(where: { $0.result == -EPROTO }) {
      throw .failed("the guest program ended with KVM exit \(ended.run.pointee.exit_reason)")
    }
    let faults = try stats(guest.vcpu, further) - before
    let log = guest.vcpu.log
    var touched = parts.touched(counted, context) { part, first in
      context.guestSamples(UnsafeBufferPointer(rebasing: log[first..<first + part.pages]), measured)
    }
    touched.guestFaults = faults
    let placed = try guest.placement(measured, context)
    withExtendedLifetime(further) {}
    return touched.reading(placed, context)
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

  /// The pages of a region for several threads: at least as many as asked for, and for each thread as many whole
  /// page-table pages, so that no two threads share the lock of one.
  static func pages(atLeast pages: Int, threads: Int, pageBytes: Int) -> Int {
    guard threads > 1 else { return pages }
    let step = threads * (hugePageBytes / pageBytes)
    return (pages + step - 1) / step * step
  }

  /// Equal parts of a region, one behind the other.
  init(_ measured: Case, _ context: MeasuringContext) throws(Refusal) {
    let stamp = MemoryLayout<UInt64>.stride
    func lines(_ bytes: Int) -> Int { (bytes + Self.lineBytes - 1) / Self.lineBytes * Self.lineBytes }
    let tableBytes = lines(measured.pages * MemoryLayout<UInt32>.stride)
    // No two threads write to one line.
    memory = try Region.resident(
      bytes: tableBytes + measured.pages * stamp + measured.threads * (stamp + Self.lineBytes))
    let table = memory.base.assumingMemoryBound(to: UInt32.self)
    var stamps = memory.base + tableBytes
    let whole = context.buffers.order(measured.order, pages: measured.pages)
    let own = measured.pages / measured.threads
    bounds = (0...measured.threads).map { $0 * own }
    var next = bounds
    for page in whole {
      let thread = Int(page) / own
      table[next[thread]] = page
      next[thread] += 1
    }
    for (thread, cpu) in context.cpus.roles.threads(of: measured).enumerated() {
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

  /// What the threads left. `samples` takes a part's samples; it is told where its pages begin.
  fileprivate func touched(
    _ counted: Counted, _ context: MeasuringContext, samples: (loops_part, _ firstStep: Int) -> Samples
  ) -> Touched {
    let rate = context.clock.ticksPerNanosecond
    let start = parts.map(\.begin).min() ?? 0
    var touched = Touched(samples: Samples([]), counted: counted)
    var threads: [Concurrency.Part] = []
    for (thread, part) in parts.enumerated() {
      let own = samples(part, bounds[thread])
      touched.samples.append(own)
      threads.append(
        Concurrency.Part(
          begin: Double(part.begin &- start) / rate, end: Double(part.end &- start) / rate,
          pages: part.pages, mean: own.values.reduce(0, +) / Double(own.values.count)))
    }
    touched.concurrency = Concurrency(threads)
    let beside = parts.dropFirst()
    // They are of the measuring thread alone, for pages of which it touched a part.
    touched.counted.counters.hardware = HardwareCounts()
    touched.counted.counters.minorFaults? += beside.reduce(0) { $0 + $1.minor_faults }
    touched.counted.counters.contextSwitches? += beside.reduce(0) { $0 + $1.context_switches }
    return touched
  }
}
