// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Machine
import Statistics

/// What one block came to.
public struct BlockReading: Sendable {
  public var samples: [Double] = []
  public var placement = Placement.unknown
  public var counters = Counters.none
  public var faultsTaken: UInt64?
  public var gaps: UInt64?
  public var stolen: Double?
  /// What the method says beside the samples.
  public var detail: MethodDetail?
  /// What several threads came to.
  public var concurrency: Concurrency?
  /// Why the block is not a result.
  public var invalid: String?
}

/// What a benchmark measures with: the clock, resident buffers, counters around the timed region, and the
/// reading that a block fills in. One block at a time.
public final class Workbench {
  public let clock: Clock
  public let topology: Topology
  public let pageBytes: Int
  public let kvm: KVMAccess
  public let companions: Companions
  /// The CPU that the measuring thread is pinned to.
  public let measuringCPU: Int
  /// As uname says it.
  public let architecture: String
  /// The file that switches the flush, whether it is there or not.
  public let flushSwitch: String
  /// CPUs may be taken offline.
  public let allowsHotplug: Bool

  public let ballast = Ballast()

  let flushWitness: FlushWitness

  private let stampBuffer: Region
  private let sequential: Region
  private let random: Region
  /// Pages that the random table is an order of.
  private var randomPages: Int
  private let capacity: Int
  private var counters: CounterReader
  private var flushProbe: FlushProbe?
  private var generator: SeededGenerator
  private var bookedBefore: [Companions.Booking]
  private var bookedAfter: [Companions.Booking]
  public private(set) var reading = BlockReading()

  /// - Parameters:
  ///   - broadcastFlush: as of `CPUFeatures`.
  ///   - pages: the most pages that a block has.
  public init(
    clock: Clock, topology: Topology, kvm: KVMAccess, companions: Companions, measuringCPU: Int,
    architecture: String, broadcastFlush: String?, flushSwitch: String = FlushSwitch.path,
    allowsHotplug: Bool = false, pages: Int, pageBytes: Int, seed: UInt64
  ) throws(Refusal) {
    self.clock = clock
    self.topology = topology
    self.kvm = kvm
    self.companions = companions
    self.measuringCPU = measuringCPU
    self.architecture = architecture
    self.flushSwitch = flushSwitch
    self.allowsHotplug = allowsHotplug
    self.pageBytes = pageBytes
    capacity = pages
    randomPages = pages
    stampBuffer = try Region.resident(bytes: (2 * pages + 1) * MemoryLayout<UInt64>.stride)
    generator = SeededGenerator(seed: seed)
    sequential = try Self.table(Array(0..<UInt32(pages)))
    random = try Self.table((0..<UInt32(pages)).shuffled(using: &generator))
    counters = CounterReader(cpus: topology.online)
    flushWitness = FlushWitness(
      held: companions.cpus, counted: topology.online, mechanism: broadcastFlush)
    bookedBefore = Array(repeating: Companions.Booking(), count: companions.cpus.count)
    bookedAfter = bookedBefore
  }

  private static func table(_ order: [UInt32]) throws(Refusal) -> Region {
    let region = try Region.resident(bytes: max(order.count, 1) * MemoryLayout<UInt32>.stride)
    let table = region.base.assumingMemoryBound(to: UInt32.self)
    for (step, page) in order.enumerated() { table[step] = page }
    return region
  }

  /// The page to touch at each step of a block of `pages` pages.
  public func order(_ order: AccessOrder, pages: Int) -> UnsafeBufferPointer<UInt32> {
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
  public var ticks: UnsafeMutablePointer<UInt64> { stampBuffer.base.assumingMemoryBound(to: UInt64.self) }

  /// Where it leaves another figure of each page.
  public var delayTicks: UnsafeMutablePointer<UInt64> { ticks + capacity + 1 }

  func begin() { reading = BlockReading() }

  /// Lets go what a group shares: its VM, its probes.
  func endGroup() {
    kvm.endGroup()
    flushProbe = nil
  }

  /// Runs a timed region with counters read just before and just after it. Those of several regions of one block add
  /// up.
  public func timed(_ call: String, _ body: () -> Int32) throws(Refusal) {
    companions.read(into: &bookedBefore)
    counters.snapshot(.before)
    let result = body()
    counters.snapshot(.after)
    companions.read(into: &bookedAfter)
    let difference = counters.difference()
    reading.counters += difference
    if companions.isSpinning {
      let booked = bookings
      reading.gaps = booked.reduce(0) { $0 + $1.gaps }
      reading.stolen = Double(booked.reduce(0) { $0 + $1.stolen }) / clock.ticksPerNanosecond
    }
    if let throttled = difference.throttled, throttled > 0 {
      invalidate("the CPU quota throttled this process")
    }
    try check(result, call)
  }

  /// Huge entries of the direct map that split while something untimed runs, machine-wide; nil where the kernel does
  /// not count them.
  public func splits(during body: () throws(Refusal) -> Void) throws(Refusal) -> Int64? {
    counters.snapshot(.before)
    try body()
    counters.snapshot(.after)
    return counters.difference().splits
  }

  /// What each companion booked during the last timed region.
  public var bookings: [Companions.Booking] {
    zip(bookedBefore, bookedAfter).map {
      Companions.Booking(gaps: $1.gaps &- $0.gaps, stolen: $1.stolen &- $0.stolen)
    }
  }

  /// One sample a fault's worth of pages, from the chained stamps of the whole block.
  public func recordStamps(_ measured: Case) { recordStamps(ticks, pages: measured.pages, measured) }

  /// The same of `pages` pages of the block.
  public func recordStamps(_ stamps: UnsafePointer<UInt64>, pages: Int, _ measured: Case) {
    let run = pagesPerFault(measured, of: pages)
    let overhead = Int64(clock.pageOverheadTicks) * Int64(run)
    reading.samples.reserveCapacity(reading.samples.count + pages / run)
    for first in stride(from: 0, to: pages, by: run) {
      let ticks = Int64(bitPattern: stamps[first + run] &- stamps[first])
      record(ticks: ticks - overhead, per: run)
    }
    if (0..<pages).contains(where: { stamps[$0 + 1] < stamps[$0] }) {
      invalidate("the clock went backwards")
    }
  }

  /// A huge page's fault covers many touches, so its cost is spread over them. In random order those of one huge
  /// page are not neighbours: there the whole region, or a thread's part of it, is one sample.
  private func pagesPerFault(_ measured: Case, of pages: Int) -> Int {
    guard measured.backing == .anonymousHuge else { return 1 }
    return measured.order == .sequential ? hugePageBytes / pageBytes : pages
  }

  /// One sample: the whole call, divided by the pages that it covered.
  public func recordCall(pages: Int) {
    record(ticks: Int64(bitPattern: ticks[0]) - Int64(clock.callOverheadTicks), per: pages)
  }

  /// One sample a call, of `count` calls timed one by one.
  public func recordCalls(_ count: Int) {
    for call in 0..<count {
      record(ticks: Int64(bitPattern: ticks[call]) - Int64(clock.callOverheadTicks), per: 1)
    }
  }

  /// One sample a fault's worth of pages, from the guest's log, in ticks of the CPU's counter.
  public func recordGuestLog(_ log: UnsafeBufferPointer<UInt64>, _ measured: Case) {
    let run = pagesPerFault(measured, of: log.count)
    let rate = clock.counterTicksPerNanosecond ?? clock.ticksPerNanosecond
    let overhead = Int64(clock.counterOverheadTicks) * Int64(run)
    reading.samples += stride(from: 0, to: log.count, by: run).map { first in
      let ticks = log[first..<first + run].reduce(Int64(0)) { $0 + Int64(bitPattern: $1) }
      return Double(ticks - overhead) / rate / Double(run)
    }
  }

  /// One sample a bystander CPU in place of the faulting thread's: the time stolen from it, per page.
  public func replaceSamplesWithBookings(pages: Int) {
    reading.samples = bookings.map { Double($0.stolen) / clock.ticksPerNanosecond / Double(pages) }
  }

  private func record(ticks: Int64, per pages: Int) {
    reading.samples.append(Double(ticks) / clock.ticksPerNanosecond / Double(pages))
  }

  /// Takes the samples so far out of the block: for a method whose samples are made of them.
  public func takeSamples() -> [Double] {
    defer { reading.samples = [] }
    return reading.samples
  }

  /// The block's samples, in the unit of the case, and what the method says of them.
  public func record(samples: [Double], detail: MethodDetail) {
    reading.samples = samples
    reading.detail = detail
  }

  /// What the threads of a block came to, and what happened to those beside the measuring one.
  public func record(_ concurrency: Concurrency?, minorFaults: Int64, contextSwitches: Int64) {
    reading.concurrency = concurrency
    reading.counters.minorFaults? += minorFaults
    reading.counters.contextSwitches? += contextSwitches
  }

  public func record(faultsTaken: UInt64) { reading.faultsTaken = faultsTaken }

  /// The trace clock that counts in this clock's ticks.
  private var traceClock: FlushProbe.Clock { clock.isCounter ? .counter : .monotonic }

  /// Why the flush cannot be probed here, if it cannot; looked up once, since the kernel's symbols are many.
  public private(set) lazy var flushProbeRefusal: Refusal? = {
    do throws(MachineFailure) {
      try FlushProbe.check(traceClock)
      return nil
    } catch { return Refusal(error) }
  }()

  /// Runs `body` with probes around the kernel's flush, and says how long each flush of this thread took in it, and
  /// each of some empty calls, in the unit of the clock. The probes are made once a group, and armed only here.
  public func probingFlushes(
    calls: Int, _ body: () throws(Refusal) -> Void
  ) throws(Refusal) -> (flushes: [Double], emptyCalls: [Double]) {
    let ticks: (flushes: [UInt64], emptyCalls: [UInt64])
    do throws(MachineFailure) {
      if flushProbe == nil {
        flushProbe = try .make(
          cpu: measuringCPU, thread: ckernel_gettid(), calls: calls, clock: traceClock)
      }
      try flushProbe?.arm()
    } catch { throw Refusal(.failed, error) }
    let result = Result { () throws(Refusal) in try body() }
    do throws(MachineFailure) {
      try flushProbe?.disarm()
      ticks = try flushProbe?.durations() ?? ([], [])
    } catch { throw Refusal(.failed, error) }
    try result.get()
    let rate = clock.ticksPerNanosecond
    return (ticks.flushes.map { Double($0) / rate }, ticks.emptyCalls.map { Double($0) / rate })
  }

  /// In random order, by the run's seed.
  public func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
    elements.shuffled(using: &generator)
  }

  /// Marks the block as recorded but no result.
  public func invalidate(_ reason: String) {
    if reading.invalid == nil { reading.invalid = reason }
  }

  /// Asks the kernel where the pages lie; misplaced pages make the block invalid.
  public func verifyPlacement(_ base: UnsafeMutableRawPointer, pages: Int, node: Int) {
    reading.placement = Placement.check(
      base: base, pageBytes: pageBytes, count: pages, expected: node, topology: topology)
    if case .misplaced(let count) = reading.placement {
      invalidate("\(count) of \(pages) pages are not on node \(node)")
    }
  }

  /// Memory without a user mapping cannot be asked for: on a one-node machine there is no other place.
  public func assumePlacement() {
    reading.placement = topology.hasNUMA ? .unknown : .onlyNode
  }
}
