// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import GuestMemory
import Helpers
import HostChanges
import Machine
import Model
import Statistics
import SystemPackage

/// Where the measuring thread is on a node, and whom it has beside it.
public struct Seat: Hashable, Sendable {
  public var cpu: Int
  /// The CPUs that can be held meanwhile.
  public var held: CPUSet

  public init(cpu: Int, held: CPUSet) {
    self.cpu = cpu
    self.held = held
  }
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
  public private(set) var measuringCPU: Int
  /// Who does what where it measures on each node.
  private let crews: [Int: Crew]
  /// As uname says it.
  public let architecture: String
  /// The file that switches the flush, whether it is there or not.
  public let flushSwitch: String
  /// CPUs may be taken offline.
  public let allowsHotplug: Bool

  public let ballast = Ballast()
  /// Which CPU does what beside the measuring one, now.
  public private(set) var crew: Crew

  private let mechanism: String?

  /// The work that a change of the online CPUs leaves behind is done by then, and those that came back sleep as the
  /// others do.
  public static let hotplugRestMicroseconds: UInt64 = 50_000

  /// Those of the measuring CPU's node, and of the other nodes that were measured on.
  private(set) var buffers: SampleBuffers
  private var buffersByNode: [Int: SampleBuffers] = [:]
  private let randomOrder: [UInt32]
  /// The most pages that a block of stamps has.
  public let capacity: Int
  private var counters: CounterReader
  private var flushProbe: FlushProbe?
  private var generator: SeededGenerator
  /// The frames that blocks and what is kept for them have had.
  let frameLedger: FrameLedger
  private(set) var bookedBefore: [chelpers_companion_booking]
  private(set) var bookedAfter: [chelpers_companion_booking]
  /// While a case has taken CPUs offline.
  private var onlineCPUs: OnlineCPUs?
  /// The CPUs that `counters` reads.
  private var countedCPUs: CPUSet
  /// While a case has the other CPUs poll.
  private var idleStatesOff: IdleStatesOff?
  /// Why CPUs stayed offline.
  private var hotplugFailure: Refusal?
  public internal(set) var reading = BlockReading()
  /// What laying the block's memory out counted, until a timed region takes it in.
  private var laid: Counters?

  /// - Parameters:
  ///   - broadcastFlush: as of `CPUFeatures`.
  ///   - pages: the most pages that a block has.
  public init(
    clock: Clock, topology: Topology, kvm: KVMAccess, companions: Companions, measuringCPU: Int,
    seats: [Int: Seat] = [:], architecture: String, broadcastFlush: String?,
    flushSwitch: String = FlushSwitch.path,
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
    generator = SeededGenerator(seed: seed)
    randomOrder = (0..<UInt32(pages)).shuffled(using: &generator)
    let node = topology.node(ofCPU: measuringCPU)
    buffers = try SampleBuffers(random: randomOrder, node: node)
    if let node { buffersByNode[node] = buffers }
    countedCPUs = topology.online
    frameLedger = FrameLedger(pageBytes: pageBytes)
    counters = CounterReader(cpus: topology.online)
    mechanism = broadcastFlush
    let manned = companions.cpus
    func crew(_ cpu: Int, _ held: CPUSet) -> Crew {
      Crew(
        measuring: cpu, held: manned.intersection(held), topology: topology, allowsHotplug: allowsHotplug)
    }
    self.crew = crew(measuringCPU, seats.values.first { $0.cpu == measuringCPU }?.held ?? manned)
    crews = seats.mapValues { crew($0.cpu, $0.held) }
    bookedBefore = Array(repeating: chelpers_companion_booking(), count: companions.cpus.count)
    bookedAfter = bookedBefore
  }

  /// The page to touch at each step of a block of `pages` pages.
  public func order(_ order: AccessOrder, pages: Int) -> UnsafeBufferPointer<UInt32> {
    buffers.order(order, pages: pages)
  }

  /// Where a timed region leaves its ticks: one more than pages.
  public var ticks: UnsafeMutablePointer<UInt64> { buffers.ticks }

  /// Where it leaves another figure of each page.
  public var delayTicks: UnsafeMutablePointer<UInt64> { buffers.delayTicks }

  func begin() {
    companions.mark()
    reading = BlockReading()
    laid = nil
  }

  /// Who does what in a case: beside the CPU that measures on its node.
  public func crew(of measured: Case) -> Crew { crews[measured.cpuNode] ?? crew }

  /// Who tells of flushes in a case.
  func flushWitness(of measured: Case) -> FlushWitness {
    FlushWitness(crew(of: measured), mechanism: mechanism)
  }

  /// The CPUs that are held and online.
  var heldOnline: CPUSet { companions.cpus.intersection(crew.held).intersection(countedCPUs) }

  /// Lets go what a group shares: its VM, its probes, the CPUs that it took offline.
  func endGroup() {
    kvm.endGroup()
    flushProbe = nil
    idleStatesOff = nil
    // What stays offline is no state to measure in: every case from here on says so.
    do throws(Refusal) { try bringCPUsBack() } catch { hotplugFailure = error }
  }

  /// Takes the measuring thread to its place on the case's node, has memory come from the node of its memory, and
  /// brings the CPUs into the state that the case names.
  public func arrange(_ measured: Case) throws(Refusal) {
    if let hotplugFailure { throw hotplugFailure }
    try seat(measured)
    guard let online = crew.online(in: measured) else {
      throw .unsupported("\(measured.online ?? 0) online CPUs are not to be had here")
    }
    if online != countedCPUs {
      // A companion whose CPU goes would go on with its work on another.
      try companions.release()
      try keepOnline(online)
      ckernel_rest(Self.hotplugRestMicroseconds)
    }
    let busy = crew.busy(in: measured)
    try companions.hold(busy.cpus, busy.state)
    switch (measured.others, idleStatesOff == nil) {
    case (.poll, true): idleStatesOff = try IdleStatesOff()
    case (.spin, false), (.idle, false): idleStatesOff = nil
    default: break
    }
  }

  /// The first half of that.
  func seat(_ measured: Case) throws(Refusal) {
    let other = crew(of: measured)
    if other.measuring != measuringCPU { try move(other) }
    // Where a sandbox refuses the policy, the placement that is read back says so.
    try? MemoryPolicy.prefer(node: measured.memoryNode)
  }

  private func move(_ other: Crew) throws(Refusal) {
    try companions.release()
    try bringCPUsBack()
    do throws(Errno) { try Affinity.pin(toCPU: other.measuring) } catch {
      throw .failed(call: "pinning to CPU \(other.measuring)", error)
    }
    measuringCPU = other.measuring
    crew = other
    guard let node = topology.node(ofCPU: measuringCPU) else { return }
    if let own = buffersByNode[node] {
      buffers = own
    } else {
      buffers = try SampleBuffers(random: randomOrder, node: node)
      buffersByNode[node] = buffers
    }
  }

  /// Why CPUs cannot be taken offline and back, down to `least` numbers of online CPUs.
  public func hotplugRefusal(least: Int) -> Refusal? {
    do throws(Refusal) {
      try OnlineCPUs.check(beside: measuringCPU, online: topology.online, least: least)
    } catch { return error }
    guard !allowsHotplug else { return nil }
    return .unsupported("CPUs are not taken offline unasked", remedy: "--hotplug")
  }

  private func keepOnline(_ online: CPUSet) throws(Refusal) {
    do throws(Refusal) {
      if onlineCPUs == nil { onlineCPUs = OnlineCPUs(beside: measuringCPU, online: topology.online) }
      try onlineCPUs?.keep(online.count)
    } catch { throw error.asFailure }
    count(online)
  }

  private func bringCPUsBack() throws(Refusal) {
    guard let cpus = onlineCPUs.take() else { return }
    do throws(Refusal) { try cpus.restore() } catch { throw error.asFailure }
    count(topology.online)
  }

  /// An offline CPU has no column in the rows of counters.
  private func count(_ cpus: CPUSet) {
    counters = CounterReader(cpus: cpus)
    countedCPUs = cpus
  }

  /// Counters that blocks will lack, and why.
  public var uncounted: [Finding] { counters.findings }

  /// Runs a timed region with counters read just before and just after it. Those of several regions of one block add
  /// up.
  public func timed(_ call: String, _ body: () -> Int32) throws(Refusal) {
    companions.read(into: &bookedBefore)
    counters.snapshot(.before)
    let result = body()
    counters.snapshot(.after)
    companions.read(into: &bookedAfter)
    var difference = counters.difference()
    if let laid = laid.take() { difference = difference.addingSplits(of: laid) }
    reading.counters += difference
    if !companions.busy.isEmpty {
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

  /// Lays out, untimed, the memory that the block then times: what splits meanwhile is the block's.
  public func laying<Memory: ~Copyable>(
    _ body: () throws(Refusal) -> Memory
  ) throws(Refusal) -> Memory {
    let before = DirectMapSizes.read()
    counters.snapshot(.before)
    let memory = try body()
    counters.snapshot(.after)
    let difference = counters.difference()
    laid = difference
    reading.directMap = LaidDirectMap(
      before: before, after: DirectMapSizes.read(), level2Splits: difference.level2Splits,
      tableBytes: difference.splits.map { $0 * Int64(pageBytes) })
    return memory
  }

  /// What each companion booked during the last timed region, in ticks of the clock; nothing where it was left alone.
  var bookings: [chelpers_companion_booking] {
    zip(bookedBefore, bookedAfter).map { before, after in
      chelpers_companion_booking(
        gaps: after.gaps &- before.gaps, stolen: after.stolen &- before.stolen,
        calm_walks: after.calm_walks &- before.calm_walks, calm_ticks: after.calm_ticks &- before.calm_ticks,
        refill_walks: after.refill_walks &- before.refill_walks,
        refill_ticks: after.refill_ticks &- before.refill_ticks)
    }
  }

  /// The trace clock that counts in this clock's ticks.
  private var traceClock: FlushProbe.Clock { clock.isCounter ? .counter : .monotonic }

  /// Why the flush cannot be probed here, if it cannot; looked up once, since the kernel's symbols are many.
  public private(set) lazy var flushProbeRefusal: Refusal? = {
    do throws(Refusal) {
      try FlushProbe.check(traceClock)
      return nil
    } catch { return error }
  }()

  /// Runs `body` with probes around the kernel's flush, and says how long each flush of this thread took in it, and
  /// each of some empty calls, in the unit of the clock. The probes are made once a group, and armed only here.
  public func probingFlushes(
    calls: Int, _ body: () throws(Refusal) -> Void
  ) throws(Refusal) -> (flushes: [Double], emptyCalls: [Double]) {
    let ticks: (flushes: [UInt64], emptyCalls: [UInt64])
    do throws(Refusal) {
      if flushProbe == nil {
        flushProbe = try .make(
          cpu: measuringCPU, thread: ckernel_gettid(), calls: calls, clock: traceClock)
      }
      try flushProbe?.arm()
    } catch { throw error.asFailure }
    let result = Result { () throws(Refusal) in try body() }
    do throws(Refusal) {
      try flushProbe?.disarm()
      ticks = try flushProbe?.durations() ?? ([], [])
    } catch { throw error.asFailure }
    try result.get()
    let rate = clock.ticksPerNanosecond
    return (ticks.flushes.map { Double($0) / rate }, ticks.emptyCalls.map { Double($0) / rate })
  }

  /// In random order, by the run's seed.
  public func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
    elements.shuffled(using: &generator)
  }
}
