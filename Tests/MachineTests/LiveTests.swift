// SPDX-License-Identifier: Apache-2.0
import Glibc
import GuestMemory
import Model
import SystemPackage
import Testing

@testable import Machine

/// Against the machine that runs the tests. Serialised: pinning, counters and limits belong to a thread or to
/// the process.
@Suite(.serialized) struct LiveTests {
  private static let interrupts = SystemFiles().text("/proc/interrupts") ?? ""
  private static let vmstat = SystemFiles().text("/proc/vmstat") ?? ""
  private static let sched = SystemFiles().text("/proc/self/sched") ?? ""
  private static let hasNodeFolder = SystemFiles().names(in: "/sys/devices/system/node") != nil

  private static func withPages<Value>(_ count: Int, _ body: (UnsafeMutableRawPointer) throws -> Value)
    rethrows -> Value
  {
    let bytes = count * Int(getpagesize())
    guard let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { fatalError("mmap: errno \(errno)") }
    // With huge pages there would be fewer faults than pages.
    _ = madvise(base, bytes, 15)  // MADV_NOHUGEPAGE; EINVAL where the kernel has none
    defer { munmap(base, bytes) }
    return try body(base)
  }

  private static func touch(_ base: UnsafeMutableRawPointer, pages: Int) {
    for page in 0..<pages { base.storeBytes(of: 1, toByteOffset: page * Int(getpagesize()), as: UInt8.self) }
  }

  @Test func topologyHangsTogether() throws {
    let topology = try Topology.read()
    #expect(topology.allowed.isSubset(of: topology.online))
    #expect(!topology.allowed.isEmpty)
    for cpu in topology.online.members {
      #expect(topology.node(ofCPU: cpu) != nil)
      #expect(!topology.siblings(of: cpu).contains(cpu))
    }
    #expect(topology.nodes.contains { $0.memoryBytes > 0 && $0.freeBytes <= $0.memoryBytes })
    for node in topology.nodes { #expect(node.distances.count == topology.nodes.count) }
  }

  @Test(.enabled(if: hasNodeFolder, "/sys/devices/system/node is absent"))
  func libnumaAgreesWithTheFiles() throws {
    func nodes(_ source: Topology.NodeSource) throws -> [NUMANode] {
      try Topology.read(SystemFiles(), nodesFrom: source).nodes
    }
    // A kernel that initialises memory lazily adds some between two readings.
    let earlier = try nodes(.files)
    let library = try nodes(.library)
    let later = try nodes(.files)
    #expect(library.map(\.number) == earlier.map(\.number))
    #expect(library.map(\.cpus) == earlier.map(\.cpus))
    #expect(library.map(\.distances) == earlier.map(\.distances))
    for (node, bounds) in zip(library, zip(earlier, later)) {
      #expect(bounds.0.memoryBytes <= node.memoryBytes && node.memoryBytes <= bounds.1.memoryBytes)
    }
  }

  @Test func withoutNUMACallsThereIsOneNode() throws {
    let topology = try Topology.read(SystemFiles(), nodesFrom: .none)
    #expect(topology.nodes.map(\.number) == [0])
    #expect(topology.nodes.first?.cpus == topology.online)
    #expect(topology.nodes.first.map { $0.memoryBytes > 0 } == true)
  }

  @Test func pinsAndRestores() throws {
    let before = try #require(Affinity.current())
    let cpu = try #require(before.members.last)
    defer { Affinity.restore(before) }
    try Affinity.pin(toCPU: cpu)
    #expect(Affinity.current() == CPUSet([cpu]))
    Affinity.restore(before)
    #expect(Affinity.current() == before)
    #expect(throws: Errno.invalidArgument) { try Affinity.pin(toCPU: 60_000) }
    #expect(throws: Errno.invalidArgument) { try Affinity.pin(toCPU: -1) }
    #expect(Affinity.current() == before)
  }

  @Test func placementOfTouchedPages() throws {
    let topology = try Topology.read()
    let node = try #require(topology.allowedNodes.members.first)
    let pages = 5_000
    try Self.withPages(pages) { base in
      let untouched = Placement.check(
        base: base, pageBytes: Int(getpagesize()), count: pages, expected: node, topology: topology)
      #expect(untouched == (topology.hasNUMA ? .unknown : .onlyNode))
      let isBound = (try? MemoryPolicy.prefer(node: node)) != nil
      defer { MemoryPolicy.reset() }
      try #require(isBound || !topology.hasNUMA, "set_mempolicy is refused on a machine with several nodes")
      Self.touch(base, pages: pages)
      let touched = Placement.check(
        base: base, pageBytes: Int(getpagesize()), count: pages, expected: node, topology: topology)
      #expect(touched == (MemoryPolicy.isAnswered() ? .verified : topology.hasNUMA ? .unknown : .onlyNode))
    }
  }

  @Test(.enabled(if: MemoryPolicy.isAnswered(), "move_pages or get_mempolicy is refused"))
  func misplacedPagesAreCounted() throws {
    let topology = try Topology.read()
    let elsewhere = topology.nodes.map(\.number).max().map { $0 + 1 } ?? 1
    Self.withPages(3) { base in
      Self.touch(base, pages: 3)
      let placement = Placement.check(
        base: base, pageBytes: Int(getpagesize()), count: 3, expected: elsewhere, topology: topology)
      #expect(placement == .misplaced(3))
    }
  }

  @Test func refusesNodesThatDoNotExist() {
    #expect(throws: Errno.self) { try MemoryPolicy.prefer(node: 60_000) }
    #expect(throws: Errno.invalidArgument) { try MemoryPolicy.prefer(node: -1) }
  }

  @Test func countsTheFaultsOfTouchedPages() throws {
    let pages = 2_048
    var reader = CounterReader(cpus: try Topology.read().online)
    var counted = Counters.none
    for _ in 0..<2 {
      Self.withPages(pages) { base in
        reader.snapshot(.before)
        Self.touch(base, pages: pages)
        reader.snapshot(.after)
      }
      counted += reader.difference()
    }
    let faults = try #require(counted.minorFaults)
    #expect(faults >= 2 * Int64(pages))
    // Far from twice as many: the snapshots' own work must not count.
    #expect(faults < 2 * Int64(pages) + 200)
  }

  @Test func countsTheSwitchesOfASleeper() throws {
    var reader = CounterReader(cpus: try Topology.read().online)
    reader.snapshot(.before)
    for _ in 0..<5 { usleep(1_000) }
    reader.snapshot(.after)
    #expect(try #require(reader.difference().contextSwitches) >= 5)
  }

  @Test(
    .enabled(if: sched.contains("se.nr_migrations"), "/proc/self/sched counts no migrations"),
    .enabled(if: (Affinity.current()?.count ?? 0) > 1, "only one CPU is allowed"))
  func countsMigrations() throws {
    let cpus = try #require(Affinity.current())
    defer { Affinity.restore(cpus) }
    try Affinity.pin(toCPU: cpus.members[0])
    var reader = CounterReader(cpus: cpus)
    reader.snapshot(.before)
    try Affinity.pin(toCPU: cpus.members[1])
    reader.snapshot(.after)
    #expect(reader.difference().migrations == 1)
  }

  @Test func snapshotsTakeNoFaults() throws {
    var reader = CounterReader(cpus: try Topology.read().online)
    reader.snapshot(.before)
    reader.snapshot(.after)
    reader.snapshot(.before)
    reader.snapshot(.after)
    #expect(reader.difference().minorFaults == 0)
  }

  @Test(.enabled(if: interrupts.contains("Function call interrupts"), "/proc/interrupts has no row CAL"))
  func countsInterruptsPerCPU() throws {
    let online = try Topology.read().online
    var reader = CounterReader(cpus: online)
    reader.snapshot(.before)
    // Long enough for a tick on the CPU that spins here.
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let end = now.tv_sec * 1_000 + now.tv_nsec / 1_000_000 + 60
    while now.tv_sec * 1_000 + now.tv_nsec / 1_000_000 < end { clock_gettime(CLOCK_MONOTONIC, &now) }
    reader.snapshot(.after)
    let counters = reader.difference()
    #expect(try #require(counters.calInterrupts).count == online.count)
    let ticks = try #require(counters.localTimerInterrupts)
    #expect(ticks.reduce(0, +) > 0 && ticks.allSatisfy { $0 >= 0 })
  }

  @Test(.enabled(if: vmstat.contains("direct_map_level2_splits"), "/proc/vmstat counts no direct-map splits"))
  func countsSplits() throws {
    var reader = CounterReader(cpus: CPUSet([0]))
    reader.snapshot(.before)
    reader.snapshot(.after)
    #expect(try #require(reader.difference().level2Splits) >= 0)
    #expect(try #require(DirectMapSizes.read().kib4) > 0)
  }

  @Test func fingerprintIsReadableAndNamesNobody() throws {
    let fingerprint = Fingerprint.read(try Topology.read())
    #expect(
      fingerprint.machineKey.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-.".utf8.contains($0) })
    #expect(fingerprint.memoryGib > 0)
    #expect(fingerprint.cpus > 0 && fingerprint.nodes > 0)
    #expect(!fingerprint.commandLine.contains("root="))
    #expect(!fingerprint.commandLine.contains("addr"))
  }

  @Test func raisesALoweredLimit() throws {
    let before = try #require(ResourceLimit.memlock())
    var lowered = rlimit(rlim_cur: 65_536, rlim_max: rlim_t(before.hard))
    let resource = __rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue)
    try #require(before.hard >= 131_072, "RLIMIT_MEMLOCK's hard limit is below 128 KiB")
    try #require(setrlimit(resource, &lowered) == 0)
    defer {
      var limit = rlimit(rlim_cur: rlim_t(before.soft), rlim_max: rlim_t(before.hard))
      setrlimit(resource, &limit)
    }
    #expect(ResourceLimit.raiseMemlock(to: 131_072))
    #expect(ResourceLimit.memlock()?.soft == 131_072)
    #expect(ResourceLimit.memlock()?.hard == before.hard)
    #expect(ResourceLimit.raiseMemlock(to: 4_096))
    #expect(ResourceLimit.memlock()?.soft == 131_072)
  }

  @Test func asksForTheLimitWithoutKeepingIt() throws {
    let before = try #require(ResourceLimit.memlock())
    _ = ResourceLimit.couldRaiseMemlock(to: 64 << 20)
    #expect(ResourceLimit.memlock()?.soft == before.soft)
    #expect(ResourceLimit.memlock()?.hard == before.hard)
    #expect(ResourceLimit.couldRaiseMemlock(to: before.soft))
  }

  @Test func doctorIsQuickAndSpeaks() throws {
    let clock = ContinuousClock()
    var findings: [Finding] = []
    let took = try clock.measure {
      let topology = try Topology.read()
      findings = Doctor.findings(topology: topology, fingerprint: .read(topology))
    }
    #expect(!findings.isEmpty)
    #expect(took < .milliseconds(200))
  }
}

/// A frame is new once.
@Suite struct FrameLedgerTests {
  @Test func framesAreNewOnce() throws {
    let bytes = 64 * 4096
    let base = try #require(mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    defer { munmap(base, bytes) }
    let ledger = FrameLedger(pageBytes: 4096)
    // A page that was never touched has no frame.
    #expect(ledger.noteBlock(base, pages: 64) == nil)
    memset(base, 1, bytes)
    guard let first = ledger.noteBlock(base, pages: 64) else {
      return #expect(getuid() != 0, "root sees frames")
    }
    #expect(first == BlockFrames(new: 64, ofBlockBefore: 0))
    // Of one block, whatever is asked of it twice.
    #expect(ledger.noteBlock(base, pages: 64) == BlockFrames(new: 0, ofBlockBefore: 0))
    ledger.beginBlock()
    #expect(ledger.noteBlock(base, pages: 32) == BlockFrames(new: 0, ofBlockBefore: 32))
    ledger.beginBlock()
    #expect(ledger.noteBlock(base, pages: 64) == BlockFrames(new: 0, ofBlockBefore: 32))
  }
}
