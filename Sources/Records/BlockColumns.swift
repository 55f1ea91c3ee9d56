// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// The table of blocks.csv's columns. An entry is all that a column takes, as in that of summary.csv.
extension BlocksCSV {
  /// The columns in their order.
  public static let table: [BlockColumn] =
    needed + kernel + interruptions + method + hardware + bystanders + concurrency + directMap + place

  private static let none = "where the block has no sample"

  /// The columns without which a file is no blocks.csv. The others are context, and may grow.
  static let needed: [BlockColumn] = [
    .text("run_id", "The run's name, as in summary.csv.", read: .text(\.runID)) { $0.runID },
    .text("case", "The key of the case, as in summary.csv.", read: .text(\.key)) {
      $0.block.measuredCase.key
    },
    .whole("block", "The number of the block among its case's, from 0.", read: .count(\.number)) {
      $0.block.number
    },
    .whole(
      "round", "The round, which the block shares with one of every arm; 0 is a warm-up.",
      read: .count(\.place.round)
    ) { $0.block.round },
    .whole("position", "The place in the random order of the round, from 0.") { $0.block.position },
    .text(
      "status",
      "`ok` where the summary rests on the block, `warm-up`, or `invalid: ` and the reason.",
      read: .text(\.status)
    ) { $0.block.status.text },
    .whole("samples", "Samples of the block.", read: .count(\.digest.samples)) { $0.block.samples.count },
    .number(
      "median", "The median of the samples.", unit: ColumnFacts.own, empty: none,
      read: .number(\.digest.median)
    ) { median($0.block.samples) },
    .number(
      "mean", "The mean of the samples.", unit: ColumnFacts.own, empty: none, read: .number(\.digest.mean)
    ) { line in
      let samples = line.block.samples
      return samples.isEmpty ? nil : samples.reduce(0, +) / Double(samples.count)
    },
    .number(
      "min", "The smallest sample.", unit: ColumnFacts.own, empty: none, read: .number(\.digest.minimum)
    ) { $0.block.samples.min() },
    .number(
      "max", "The largest sample.", unit: ColumnFacts.own, empty: none, read: .number(\.digest.maximum)
    ) { $0.block.samples.max() },
  ]

  private static let kernel: [BlockColumn] = [
    .text("placement", "Where the pages are: `verified`, `only-node`, `misplaced N` or `unknown`.") {
      $0.block.placement.text
    },
    .whole(
      "level2_splits", "Entries of 2 MiB in the direct map that were split, machine-wide.",
      empty: ColumnFacts.uncounted
    ) { $0.counters.level2Splits },
    .whole("level3_splits", "The same of entries of 1 GiB.", empty: ColumnFacts.uncounted) {
      $0.counters.level3Splits
    },
    .whole(
      "level2_collapses", "Entries of 2 MiB that were merged again, machine-wide.",
      empty: ColumnFacts.uncounted
    ) { $0.counters.level2Collapses },
    .whole("level3_collapses", "The same of entries of 1 GiB.", empty: ColumnFacts.uncounted) {
      $0.counters.level3Collapses
    },
    .list(
      "cal_interrupts", "Function call interrupts of each CPU, joined by `;`.", empty: ColumnFacts.uncounted,
      read: .list(\.calInterrupts)
    ) { $0.counters.calInterrupts },
    .list(
      "tlb_interrupts", "Interrupts for flushes of user addresses, of each CPU, joined by `;`.",
      empty: ColumnFacts.uncounted
    ) { $0.counters.tlbInterrupts },
    .list(
      "loc_interrupts", "Timer interrupts of each CPU, joined by `;`.", empty: ColumnFacts.uncounted
    ) { $0.counters.localTimerInterrupts },
    .whole("pf_taken", "Guest faults that KVM counted.", empty: "where no vCPU takes part") {
      $0.block.faultsTaken
    },
    .whole(
      "context_switches", "Context switches of the measuring thread.", empty: ColumnFacts.uncounted
    ) { $0.counters.contextSwitches },
    .whole(
      "migrations", "Moves of the measuring thread to another CPU.", empty: ColumnFacts.unmoved
    ) { $0.counters.migrations },
    .whole("minor_faults", "Minor faults of the measuring thread.", empty: ColumnFacts.uncounted) {
      $0.counters.minorFaults
    },
    .whole(
      "steal_ticks", "Time that the hypervisor took, summed over the CPUs.", unit: "1/USER_HZ s",
      empty: ColumnFacts.uncounted
    ) { $0.counters.stolenTicks },
    .whole(
      "throttled", "Periods in which the control group was throttled.", empty: ColumnFacts.uncounted
    ) { $0.counters.throttled },
  ]

  private static let interruptions: [BlockColumn] = [
    .whole(
      "gaps", "Interruptions that the processes which hold the other CPUs saw.", empty: "where none spins"
    ) { $0.block.gaps },
    .number(
      "stolen_ns", "Time that those took, in sum.", unit: "ns", empty: "where none spins"
    ) { $0.block.stolen },
  ]

  private static let method: [BlockColumn] = [
    .text(
      "detail",
      "What the method says beside its samples: `fault`, `added` and more as `name=value`, joined by `;`.",
      unit: ColumnFacts.own, empty: "where the method says nothing more"
    ) { $0.block.detail.map(words) }
  ]

  private static let unopened = "where perf_event_open(2) does not offer them, and where a guest is timed"

  private static let hardware: [BlockColumn] = [
    .number(
      "cycles_user", "Cycles of the measuring thread in user space, its guest left out, for each page.",
      empty: unopened
    ) { $0.perPage($0.counters.hardware.cyclesUser) },
    .number("cycles_kernel", "The same in the kernel.", empty: unopened) {
      $0.perPage($0.counters.hardware.cyclesKernel)
    },
    .number("instructions_user", "Instructions in user space for each page.", empty: unopened) {
      $0.perPage($0.counters.hardware.instructionsUser)
    },
    .number("instructions_kernel", "Instructions in the kernel for each page.", empty: unopened) {
      $0.perPage($0.counters.hardware.instructionsKernel)
    },
    .number("dtlb_misses", "Loads and stores for each page that missed the data TLB.", empty: unopened) {
      $0.perPage($0.counters.hardware.dtlbMisses)
    },
    .number("itlb_misses", "Fetches of instructions for each page that missed the TLB.", empty: unopened) {
      $0.perPage($0.counters.hardware.itlbMisses)
    },
    .number(
      "page_walks", "Walks of the page tables for each page.",
      empty: unopened + ", and where the CPU is not known to count walks as misses"
    ) { $0.perPage($0.counters.hardware.pageWalks) },
  ]

  private static let unasked = "where the operation does not ask the busy CPUs one by one"

  private static let bystanders: [BlockColumn] = [
    .text("busy_cpus", "The CPUs that are busy, in the kernel's list notation.", empty: unasked) {
      $0.block.bystanders?.cpus.description
    },
    .text("stolen_each_ns", "Time taken from each of them, joined by `;`.", unit: "ns", empty: unasked) {
      $0.block.bystanders.map { $0.stolen.map(CSVText.text).joined(separator: ";") }
    },
    .number(
      "gap_p50_ns", "The median length of their interruptions.", unit: "ns",
      empty: unasked + ", and where none was interrupted"
    ) { $0.gaps.quantile(0.5) },
    .number(
      "gap_p99_ns", "The length that 99 % of their interruptions do not exceed.", unit: "ns",
      empty: unasked + ", and where none was interrupted"
    ) { $0.gaps.quantile(0.99) },
    .number(
      "refill_ns", "What a walk of their working sets takes longer after an interruption.", unit: "ns",
      empty: "where they walk none, and where there is none with or none without an interruption"
    ) { $0.block.bystanders?.walks?.refill },
  ]

  private static let concurrency: [BlockColumn] = [
    .number(
      "elapsed", "The time from the first thread's start until the last one is done.", unit: ColumnFacts.own,
      empty: "where one thread touches the region"
    ) { $0.block.concurrency?.elapsed },
    .number(
      "fairness", "The fastest thread's mean page divided by the slowest's: 1 where all are served alike.",
      empty: "where one thread touches the region"
    ) { $0.block.concurrency?.fairness },
  ]

  private static let unlaid =
    "where the memory is not laid out before it is timed, and where the kernel does not say"

  private static let directMap: [BlockColumn] = [
    .whole(
      "direct_map_4k", "The direct map in entries of 4 KiB after the memory was laid out, machine-wide.",
      unit: "bytes", empty: unlaid
    ) { $0.block.directMap?.after.kib4 },
    .whole("direct_map_2m", "The same in entries of 2 MiB.", unit: "bytes", empty: unlaid) {
      $0.block.directMap?.after.mib2
    },
    .whole("direct_map_1g", "The same in entries of 1 GiB.", unit: "bytes", empty: unlaid) {
      $0.block.directMap?.after.gib1
    },
    .whole("split_table_bytes", "Page tables that the splits of it took.", unit: "bytes", empty: unlaid) {
      $0.block.directMap?.tableBytes
    },
  ]

  private static let unprobed = "where the probe was not measured"

  private static let place: [BlockColumn] = [
    .whole(
      "pass", "The pass of the round, from 1.", empty: "where the run has no passes", since: 2,
      read: .whole(\.place.pass)
    ) { $0.block.place.pass },
    .number("started_s", "Time from the start of the run to that of the block.", unit: "s", since: 2) {
      $0.block.elapsed
    },
    .number(
      "interrupt_ns", "The round's probe: an interrupt's round trip to every held CPU.", unit: "ns",
      empty: "where no CPU is held", since: 2, read: .number(\.place.probes.interrupt)
    ) { $0.block.place.probes.interrupt },
    .number(
      "instructions_ns", "The round's probe: a fixed loop of instructions.", unit: "ns", empty: unprobed,
      since: 2, read: .number(\.place.probes.instructions)
    ) { $0.block.place.probes.instructions },
    .number(
      "memory_ns", "The round's probe: zeroing a page that is in no cache.", unit: "ns", empty: unprobed,
      since: 2, read: .number(\.place.probes.memory)
    ) { $0.block.place.probes.memory },
    .whole(
      "frames_new", "Frames of the block's memory that its pass had not seen before.",
      empty: "where the frames are hidden", since: 2
    ) { $0.block.frames?.new },
    .whole(
      "frames_repeated", "Frames of the block's memory that the block before it had, whatever its case.",
      empty: "where the frames are hidden", since: 2
    ) { $0.block.frames?.ofBlockBefore },
    .number(
      "overlap", "The share of the time from the first start to the last end in which all threads ran.",
      empty: "where one thread touches the region", since: 2
    ) { $0.block.concurrency?.overlap },
  ]

  private static func words(_ detail: MethodDetail) -> String {
    let more =
      switch detail.method {
      case .probes(let subtracted): ";subtracted=\(CSVText.text(subtracted))"
      case .line(let points): ";points=\(points)"
      case .delay: ""
      }
    return "fault=\(CSVText.text(detail.fault));added=\(CSVText.text(detail.added))\(more)"
  }
}
