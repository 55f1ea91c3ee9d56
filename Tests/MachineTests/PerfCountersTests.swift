// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model
import SystemPackage
import TestSupport
import Testing

@testable import Machine

/// Groups of software events, which any kernel counts, on this machine; and uncounted as other machines had them.
@Suite(.serialized) struct PerfCountersTests {
  private static let pageFaults = PerfEvent.software(PERF_COUNT_SW_PAGE_FAULTS, "page_faults")
  private static let contextSwitches = PerfEvent.software(PERF_COUNT_SW_CONTEXT_SWITCHES, "context_switches")
  /// Whether the kernel's own events can be counted here.
  private static let counts = PerfCounters([pageFaults]).uncounted.isEmpty
  private static let needsPerf: Comment = "perf_event_open(2) with the kernel's side is refused"

  private static func touch(pages: Int) throws {
    let bytes = pages * Int(getpagesize())
    let base = try #require(mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    try #require(base != MAP_FAILED)
    _ = madvise(base, bytes, 15)  // MADV_NOHUGEPAGE
    for page in 0..<pages { base.storeBytes(of: 1, toByteOffset: page * Int(getpagesize()), as: UInt8.self) }
    munmap(base, bytes)
  }

  @Test(.enabled(if: counts, needsPerf))
  func aGroupCountsEachOfItsEvents() throws {
    var counters = PerfCounters([Self.contextSwitches, Self.pageFaults])
    #expect(counters.events == [Self.contextSwitches, Self.pageFaults])
    for _ in 0..<2 {
      counters.read(.before)
      try Self.touch(pages: 300)
      for _ in 0..<5 { usleep(500) }
      counters.read(.after)
      let counts = counters.difference()
      let faults = try #require(counts[Self.pageFaults])
      #expect(faults >= 300 && faults < 400)
      #expect(try #require(counts[Self.contextSwitches]) >= 5)
    }
  }

  @Test(.enabled(if: counts, needsPerf))
  func readingsTakeNoFaults() {
    var counters = PerfCounters([Self.pageFaults])
    for slot in [CounterReader.Slot.before, .after, .before, .after] { counters.read(slot) }
    #expect(counters.difference() == [Self.pageFaults: 0])
  }

  @Test(.enabled(if: counts, needsPerf))
  func withoutBothReadingsThereIsNothing() {
    var counters = PerfCounters([Self.pageFaults])
    counters.read(.before)
    #expect(counters.difference().isEmpty)
  }

  @Test(
    .enabled(if: counts, needsPerf),
    .enabled(if: (Affinity.current()?.count ?? 0) > 1, "only one CPU is allowed"))
  func countsMigrations() throws {
    let cpus = try #require(Affinity.current())
    defer { Affinity.restore(cpus) }
    try Affinity.pin(toCPU: cpus.members[0])
    var counters = PerfCounters([.migrations])
    counters.read(.before)
    try Affinity.pin(toCPU: cpus.members[1])
    counters.read(.after)
    #expect(counters.difference() == [.migrations: 1])
  }

  @Test(.enabled(if: counts, needsPerf))
  func whatIsRefusedLeavesTheRest() throws {
    // As with kernel.perf_event_paranoid=2: the user's side alone is allowed.
    var counters = PerfCounters(PerfEvent.byWorth) { event, leader in
      switch event.side {
      case .user: PerfCounters.open(Self.pageFaults, leader: leader)
      case .kernel, .both: -EACCES
      }
    }
    #expect(counters.events == [.cyclesUser, .instructionsUser])
    counters.read(.before)
    try Self.touch(pages: 100)
    counters.read(.after)
    let counts = HardwareCounts(counters.difference(), lacksStoreMisses: false, missesAreWalks: true)
    #expect(try #require(counts.cyclesUser) >= 100)
    #expect(
      counts == HardwareCounts(cyclesUser: counts.cyclesUser, instructionsUser: counts.instructionsUser))
    let tree = RecordedTree(["/proc/sys/kernel/perf_event_paranoid": "2\n"])
    #expect(
      UncountedEvent.findings(counters.uncounted, files: tree.files) == [
        Finding(
          .note,
          "not counted: cycles_kernel, instructions_kernel, dtlb_misses, page_walks, itlb_misses: "
            + "kernel.perf_event_paranoid (2) or a security module forbids it",
          remedy: "sysctl kernel.perf_event_paranoid=1, or CAP_PERFMON")
      ])
  }

  @Test func aGroupThatCannotStartIsGivenUp() {
    let uncounted = PerfCounters([.cyclesKernel, .cyclesUser]) { _, _ in open("/dev/null", O_RDONLY) }
      .uncounted
    #expect(uncounted == [UncountedEvent(.cyclesUser, .taken), UncountedEvent(.cyclesKernel, .taken)])
  }

  @Test func descriptorsAreClosed() {
    let before = SystemFiles().names(in: "/proc/self/fd")?.count
    for _ in 0..<20 {
      _ = PerfCounters([Self.pageFaults, .migrations]).events
      _ = PerfCounters([.cyclesUser]) { _, _ in open("/dev/null", O_RDONLY) }.events
    }
    #expect(SystemFiles().names(in: "/proc/self/fd")?.count ?? 0 < (before ?? 0) + 20)
  }

  @Test(
    arguments: [
      // Number, ns enabled, ns running, counts.
      ([2, 100, 100, 5, 7], [2, 300, 300, 6, 17], [1, 10]),
      ([2, 100, 90, 5, 7], [2, 300, 290, 6, 17], [1, 10]),
      ([1, 5, 5, .max], [1, 6, 6, 1], [2]),
      // Others had the counters for a part of the time, or for all of it.
      ([2, 100, 100, 5, 7], [2, 300, 299, 6, 17], nil),
      ([2, 100, 0, 0, 0], [2, 300, 0, 0, 0], nil),
      // No time passed: no reading, or a group that was not enabled.
      ([1, 5, 5, 1], [1, 5, 5, 1], nil),
      // Lost, cut off, of another group.
      ([2, 100, 100, 5, 7], [], nil), ([], [], nil), ([2, 1, 1, 5], [2, 2, 2, 6], nil),
      ([1, 1, 1, 5, 7], [1, 2, 2, 6, 7], nil),
    ] as [([UInt64], [UInt64], [Int64]?)])
  func onlyWhatCountedAllTheTimeCounts(before: [UInt64], after: [UInt64], expected: [Int64]?) {
    let events = expected?.count ?? Int(max(before.first ?? 1, 2))
    #expect(PerfCounters.counts(from: before, to: after, of: events) == expected)
  }

  @Test func refusalsAreToldOnceEach() {
    let empty = RecordedTree([:])
    func findings(_ error: Errno, joinsGroup: Bool = false) -> [Finding] {
      UncountedEvent.findings(
        PerfEvent.byWorth.map { UncountedEvent($0, UncountedEvent.Reason(error, joinsGroup: joinsGroup)) },
        files: empty.files)
    }
    for (error, words) in [
      (Errno.noSuchFileOrDirectory, "no such hardware counter"), (.notSupported, "no such hardware counter"),
      (.permissionDenied, "perf_event_paranoid (unread)"), (.notPermitted, "a sandbox"),
      (.noFunction, "no perf_event_open"), (.resourceBusy, "others hold"), (.tooManyOpenFiles, "open files"),
    ] {
      let found = findings(error)
      #expect(found.count == 1)
      #expect(found.first?.what.contains(words) == true, "\(found)")
      #expect(
        found.first?.what.hasPrefix("not counted: cycles_kernel, instructions_kernel, cycles_user, ") == true)
      #expect(found.first?.remedy != nil || error == .tooManyOpenFiles)
    }
    #expect(findings(.invalidArgument).first?.what.contains("Invalid argument") == true)
    #expect(findings(.invalidArgument, joinsGroup: true).first?.what.contains("at once") == true)
    #expect(UncountedEvent.findings([UncountedEvent(.dtlbStoreMisses, .absent)], files: empty.files).isEmpty)
    let full = UncountedEvent.findings(
      [UncountedEvent(.dtlbStoreMisses, .noRoom), UncountedEvent(.itlbMisses, .taken)], files: empty.files)
    #expect(
      full.map(\.what) == [
        "not counted: dtlb_misses, page_walks: the CPU cannot count so much at once",
        "not counted: itlb_misses: others hold the CPU's counters, or they are of another kind of core",
      ])
  }

  @Test func missesAddUpToWalksWhereTheyAreWalks() {
    let counts: [PerfEvent: Int64] = [
      .dtlbLoadMisses: 5, .dtlbStoreMisses: 20, .itlbMisses: 3, .cyclesKernel: 9,
    ]
    let intel = HardwareCounts(counts, lacksStoreMisses: false, missesAreWalks: true)
    #expect(intel == HardwareCounts(cyclesKernel: 9, dtlbMisses: 25, itlbMisses: 3, pageWalks: 28))
    var fewer = counts
    fewer[.dtlbStoreMisses] = nil
    let zen = HardwareCounts(fewer, lacksStoreMisses: true, missesAreWalks: true)
    #expect(zen.dtlbMisses == 5 && zen.pageWalks == 8)
    // Loads alone would read as all of them.
    let full = HardwareCounts(fewer, lacksStoreMisses: false, missesAreWalks: true)
    #expect(full.dtlbMisses == nil && full.pageWalks == nil && full.itlbMisses == 3)
    #expect(HardwareCounts(counts, lacksStoreMisses: false, missesAreWalks: false).pageWalks == nil)
    #expect((intel + zen).dtlbMisses == 30 && (intel + full).dtlbMisses == nil)
    #expect((Counters(hardware: intel) + Counters(hardware: zen)).hardware == intel + zen)
  }

  @Test(
    arguments: [
      (["/sys/bus/event_source/devices/cpu/caps/pmu_name": "icelake\n"], true),
      (["/sys/bus/event_source/devices/cpu/caps/pmu_name": "tremont\n"], false),
      (["/proc/cpuinfo": "vendor_id\t: AuthenticAMD\ncpu family\t: 25\n"], true),
      (["/proc/cpuinfo": "vendor_id\t: AuthenticAMD\ncpu family\t: 21\n"], false),
      (["/proc/cpuinfo": "vendor_id\t: GenuineIntel\ncpu family\t: 6\n"], false), ([:], false),
    ] as [([String: String], Bool)])
  func recognisesCPUs(contents: [String: String], areWalks: Bool) {
    let tree = RecordedTree(contents)
    #expect(PerfEvent.missesAreWalks(tree.files) == areWalks)
  }

  @Test func aMachineWithoutCountersSaysSoOnce() throws {
    let reader = CounterReader(cpus: CPUSet([0]))
    let findings = reader.findings.filter { $0.what.contains("cycles_kernel") }
    let topology = try Topology.read()
    #expect(
      Doctor.findings(topology: topology, fingerprint: .read(topology)).filter {
        reader.findings.contains($0)
      }
        == reader.findings)
    if SystemFiles().names(in: "/sys/bus/event_source/devices")?.contains("cpu") == false {
      #expect(findings.count == 1)
    }
    #expect(findings.count <= 1)
  }
}
