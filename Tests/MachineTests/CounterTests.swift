// SPDX-License-Identifier: Apache-2.0
import Model
import TestSupport
import Testing

@testable import Machine

@Suite struct CounterTests {
  /// `/proc/interrupts` with CPU 1 offline and a device whose name resembles a row's.
  private static func interrupts(cal: [Int], tlb: [Int]) -> String {
    """
               CPU0       CPU2       CPU3
      1:          9          9          9  IO-APIC   1-edge      not Function call interruptsX
    LOC:        100        200        300   Local timer interrupts
    CAL: \(cal.map { "\($0)" }.joined(separator: "        "))   Function call interrupts
    TLB: \(tlb.map { "\($0)" }.joined(separator: "        "))   TLB shootdowns
    ERR:          0

    """
  }

  private static func vmstat(_ splits: Int) -> String {
    "nr_free_pages 1\nxdirect_map_level2_splits 77\ndirect_map_level2_splits \(splits)\ndirect_map_level3_splits 0\n"
  }

  private static func stat(_ steal: [Int]) -> String {
    "cpu  0 0 0 0 0 0 0 999 0 0\n"
      + zip([0, 2, 3, 20], steal).map { "cpu\($0) 1 2 3 4 5 6 7 \($1) 0 0\n" }.joined() + "intr 5 0 0\n"
  }

  private static let tree: [String: String] = [
    "/proc/interrupts": interrupts(cal: [10, 20, 30], tlb: [1, 1, 1]), "/proc/vmstat": vmstat(5),
    "/proc/stat": stat([1, 1, 1, 1]),
    "/proc/self/task/1/sched": "x (1)\nse.nr_migrations  :   3\npolicy : 0\n",
    "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": "1 1 0:1 / /sys/fs/cgroup rw - cgroup2 c rw\n",
    "/sys/fs/cgroup/cpu.stat": "nr_periods 1\nnr_throttled 4\n",
  ]

  @Test func subtractsWhatWasRecorded() {
    let tree = RecordedTree(Self.tree)
    var reader = CounterReader(cpus: CPUSet([0, 3]), files: tree.files)
    reader.snapshot(.before)
    tree.write("/proc/interrupts", Self.interrupts(cal: [15, 20, 130], tlb: [1, 9, 3]))
    tree.write("/proc/vmstat", Self.vmstat(8))
    tree.write("/proc/stat", Self.stat([2, 100, 4, 100]))
    tree.write("/proc/self/task/1/sched", "x (1)\nse.nr_migrations  :   4\npolicy : 0\n")
    tree.write("/sys/fs/cgroup/cpu.stat", "nr_periods 8\nnr_throttled 6\n")
    reader.snapshot(.after)
    let counters = reader.difference()
    #expect(counters.calInterrupts == [5, 100])
    #expect(counters.tlbInterrupts == [0, 2])
    #expect(counters.localTimerInterrupts == [0, 0])
    #expect(counters.level2Splits == 3)
    #expect(counters.level3Splits == 0)
    #expect(counters.level2Collapses == nil)
    #expect(counters.level3Collapses == nil)
    #expect(counters.stolenTicks == 4)
    #expect(counters.migrations == 1)
    #expect(counters.throttled == 2)
    #expect(counters.intervals == 1)
  }

  /// A pair of snapshots without the file says nothing of it, whatever an earlier pair read.
  @Test func interruptsThatAreNotReadAreAbsent() {
    let tree = RecordedTree(Self.tree)
    var reader = CounterReader(cpus: CPUSet([0]), files: tree.files)
    for reads in [true, false, true] {
      reader.snapshot(.before, interrupts: reads)
      reader.snapshot(.after, interrupts: reads)
      #expect(reader.difference().calInterrupts == (reads ? [0] : nil))
    }
    let counters = reader.difference()
    #expect(counters.level2Splits == 0 && reader.interruptNanoseconds > 0)
  }

  /// 1,200 rows of 256 CPUs: more than three megabytes.
  @Test func aLargeMachinesInterruptsAreRead() {
    let cpus = 256
    func row(_ name: String, _ value: Int, _ words: String) -> String {
      name + String(repeating: " 4294967295", count: cpus - 1) + " \(value)   \(words)\n"
    }
    func text(_ cal: Int) -> String {
      (0..<cpus).map { "CPU\($0)" }.joined(separator: " ") + "\n"
        + (0..<1200).map { row("\($0):", 1, "PCI-MSI \($0)-edge eth0-TxRx-\($0)") }.joined()
        + row("CAL:", cal, "Function call interrupts") + row("TLB:", 1, "TLB shootdowns")
    }
    let tree = RecordedTree(["/proc/interrupts": text(5)])
    var reader = CounterReader(cpus: CPUSet([0, 255]), files: tree.files)
    reader.snapshot(.before)
    tree.write("/proc/interrupts", text(9))
    reader.snapshot(.after)
    #expect(reader.difference().calInterrupts == [0, 4] && reader.difference().tlbInterrupts == [0, 0])
  }

  @Test func interruptCellsWrap() {
    let tree = RecordedTree([
      "/proc/interrupts": Self.interrupts(cal: [4_294_967_290, 1, 1], tlb: [0, 0, 0])
    ])
    var reader = CounterReader(cpus: CPUSet([0]), files: tree.files)
    reader.snapshot(.before)
    tree.write("/proc/interrupts", Self.interrupts(cal: [4, 1, 1], tlb: [0, 0, 0]))
    reader.snapshot(.after)
    #expect(reader.difference().calInterrupts == [10])
  }

  @Test func readsTheRowsOfArm() {
    let text = """
                 CPU0       CPU1
       11:        500        600     GICv3  27 Level     arch_timer
      IPI0:         7          8       Rescheduling interrupts
      IPI1:        70         80       Function call interrupts

      """
    let tree = RecordedTree(["/proc/interrupts": text])
    var reader = CounterReader(cpus: CPUSet([0, 1]), files: tree.files)
    reader.snapshot(.before)
    tree.write("/proc/interrupts", text.replacing("80", with: "95").replacing("600", with: "601"))
    reader.snapshot(.after)
    let counters = reader.difference()
    #expect(counters.calInterrupts == [0, 15])
    #expect(counters.localTimerInterrupts == [0, 1])
    #expect(counters.tlbInterrupts == nil)
  }

  @Test func absentFilesAndCPUsAreAbsentCounters() {
    let tree = RecordedTree(Self.tree)
    var reader = CounterReader(cpus: CPUSet([0, 1]), files: tree.files)
    reader.snapshot(.before)
    reader.snapshot(.after)
    let offline = reader.difference()
    #expect(offline.calInterrupts == nil)
    #expect(offline.stolenTicks == nil)
    #expect(offline.level2Splits == 0)

    let empty = RecordedTree([:])
    var blind = CounterReader(cpus: CPUSet([0]), files: empty.files)
    blind.snapshot(.before)
    blind.snapshot(.after)
    var expected = Counters()
    expected.minorFaults = blind.difference().minorFaults
    expected.contextSwitches = blind.difference().contextSwitches
    #expect(blind.difference() == expected)
    #expect(expected.minorFaults != nil)
  }

  @Test func withoutBothSnapshotsThereIsNoDifference() {
    let tree = RecordedTree(Self.tree)
    var reader = CounterReader(cpus: CPUSet([0]), files: tree.files)
    reader.snapshot(.before)
    #expect(reader.difference() == Counters())
  }

  @Test func aFileThatOutgrowsItsBufferIsAbsentNotCutOff() {
    let tree = RecordedTree(Self.tree)
    var reader = CounterReader(cpus: CPUSet([0]), files: tree.files)
    reader.snapshot(.before)
    tree.write("/proc/vmstat", Self.vmstat(9) + String(repeating: "padding 1\n", count: 10_000))
    reader.snapshot(.after)
    #expect(reader.difference().level2Splits == nil)
    tree.write("/proc/vmstat", Self.vmstat(9))
    reader.snapshot(.after)
    #expect(reader.difference().level2Splits == 4)
  }

  @Test func sumsKeepAbsenceApartFromZero() {
    let first = Counters(level2Splits: 1, calInterrupts: [1, 2], minorFaults: 5)
    let second = Counters(level2Splits: 2, calInterrupts: [10, 20], throttled: 1)
    var total = Counters.none
    total += first
    #expect(total == first)
    total += second
    #expect(total.intervals == 2)
    #expect(total.level2Splits == 3)
    #expect(total.calInterrupts == [11, 22])
    #expect(total.minorFaults == nil)
    #expect(total.throttled == nil)
    #expect((Counters() + first).level2Splits == nil)
    #expect((Counters(calInterrupts: [1]) + first).calInterrupts == nil)
    #expect(Counters.none + Counters.none == Counters.none)
  }

  @Test func readsDirectMapSizes() {
    let tree = RecordedTree([
      "/proc/meminfo": "MemAvailable:  7 kB\nDirectMap4k:  26624 kB\nDirectMap2M:     2048 kB\n"
    ])
    #expect(DirectMapSizes.read(tree.files) == DirectMapSizes(kib4: 26_624 << 10, mib2: 2_048 << 10))
    #expect(availableMemory(files: tree.files) == 7_168)
    #expect(availableMemory(files: SystemFiles(root: "/nonexistent")) == nil)
  }
}
