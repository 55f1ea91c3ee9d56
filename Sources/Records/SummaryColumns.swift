// SPDX-License-Identifier: Apache-2.0
import Model

/// The table of summary.csv's columns. An entry is all that a column takes: header, rows, documents, `gmembench schema`
/// and the checks of a file that is read come from it.
extension SummaryCSV {
  /// The columns in their order.
  public static let table: [SummaryColumn] =
    identity + subject + axes + [placement] + stateAxes + [flush] + outcome + distribution + effect + counters
    + passes + adjusted

  private static let identity: [SummaryColumn] = [
    .whole("schema", "The version of the columns and their meanings.") { _ in schema },
    .text("run_id", "The run's name, made of its start and its seed.") { $0.context.runID },
    .text("case", "The key of the case, under which summary, blocks and samples meet.") { $0.measured.key },
    .text("started_at", "When the run started, in UTC and ISO 8601.") { $0.context.startedAt },
    .text("machine_key", "What stays of a machine: CPU model, CPUs, nodes, memory, hypervisor.") {
      $0.context.fingerprint.machineKey
    },
    .text("kernel_release", "The kernel's release, as uname names it.") {
      $0.context.fingerprint.kernelRelease
    },
    .text("architecture", "The machine's architecture, as uname names it.") {
      $0.context.fingerprint.architecture
    },
    .text("hypervisor", "The hypervisor that the machine runs under, or `none`.") {
      $0.context.fingerprint.hypervisor
    },
  ]

  private static let subject: [SummaryColumn] = [
    .text("benchmark", "What is timed.") { $0.measured.benchmark },
    .text("operation", "One way of doing it.") { $0.measured.operation },
    .text("backing", "The memory under test.") { $0.measured.backing.rawValue },
    .text(
      "abi", "The dialect of guest_memfd's flags that the kernel speaks: `mainline` or `v7`.",
      empty: "where the backing is no guest_memfd, and where there is none"
    ) { $0.summary.abi?.rawValue },
    .text(
      "guest_memfd_flags", "The flags that guest_memfd was created with, in hexadecimal.",
      empty: "where the backing is no guest_memfd, and where there is none"
    ) { line in line.summary.guestMemfdFlags.map { "0x" + String($0, radix: 16) } },
    .whole("page_bytes", "The size of a page.", unit: "bytes") { $0.summary.pageBytes },
  ]

  private static let placement = SummaryColumn.text(
    "placement", "Where the pages are: `verified`, `only-node`, `misplaced N` or `unknown`.",
    empty: "where no block counts"
  ) { $0.summary.placement?.text }

  private static let flush = SummaryColumn.text(
    "flush",
    "What the interrupts show of the flushes: `on` where they come to one a page on each other CPU, else `off` or `unknown`.",
    empty: "where no block counts, and where nothing leaves the direct map"
  ) { $0.summary.flush?.rawValue }

  private static let outcome: [SummaryColumn] = [
    .text("method", "How the value was obtained.") { $0.summary.method },
    .text(
      "unit",
      "The unit of the case's values: `ns` or `instructions` for each page, or `ns/vm` for each virtual machine."
    ) { $0.summary.unit.rawValue },
    .text(
      "status",
      "What became of the case: `ok`, `unsupported`, `unstable` (precision not reached), `partial` (interrupted) or `failed`."
    ) { $0.summary.status.rawValue },
    .text(
      "reason", "Why there is no figure, or what the figure rests on.",
      empty: "where there is nothing to say"
    ) { $0.summary.reason },
    .count("blocks", "Blocks that count.") { $0.blocks },
    .count("samples", "Samples of those blocks.") { $0.samples },
  ]

  private static let none = "where no sample counts"
  private static let lost = "where no sample counts, and where `summarize` has blocks.csv alone"

  private static let distribution: [SummaryColumn] = [
    .figure("mean", "The mean of all samples.", unit: ColumnFacts.own, empty: none) { $0.mean },
    .figure("stddev", "The standard deviation of all samples.", unit: ColumnFacts.own, empty: lost) {
      $0.standardDeviation
    },
    .figure("min", "The smallest sample.", unit: ColumnFacts.own, empty: none) { $0.minimum },
    .figure("p50", "The median of all samples.", unit: ColumnFacts.own, empty: none) { $0.p50 },
    .figure(
      "p50_low", "The lower bound of the median's 95 % interval, which comes from the blocks' medians.",
      unit: ColumnFacts.own, empty: "where too few blocks count"
    ) { $0.medianInterval?.low },
    .figure(
      "p50_high", "The upper bound of the same interval.", unit: ColumnFacts.own,
      empty: "where too few blocks count"
    ) { $0.medianInterval?.high },
    .figure("p90", "The value that 90 % of the samples do not exceed.", unit: ColumnFacts.own, empty: lost) {
      $0.p90
    },
    .figure("p99", "The value that 99 % of the samples do not exceed.", unit: ColumnFacts.own, empty: lost) {
      $0.p99
    },
    .figure(
      "p99_9", "The value that 99.9 % of the samples do not exceed.", unit: ColumnFacts.own, empty: lost
    ) { $0.p999 },
    .figure("max", "The largest sample.", unit: ColumnFacts.own, empty: none) { $0.maximum },
    .figure(
      "mad", "The median of the samples' distances to their median.", unit: ColumnFacts.own, empty: lost
    ) { $0.medianAbsoluteDeviation },
    .count(
      "outliers_mild", "Samples outside the quartiles by 1.5 to 3 times the distance between these.",
      empty: lost
    ) { $0.mildOutliers },
    .count(
      "outliers_severe", "Samples outside the quartiles by more than 3 times the distance between these.",
      empty: lost
    ) { $0.severeOutliers },
  ]

  private static let noRatio = "where there is no baseline, and where a value is 0 or less"
  private static let noShift = "where there is no baseline"
  private static let orUnbounded = ", and where the bound is infinite"

  private static let effect: [SummaryColumn] = [
    .text(
      "baseline", "The key of the case that ratio and shift are against.",
      empty: "where the case is a baseline"
    ) {
      $0.summary.baseline?.key
    },
    .figure("ratio", "How many times the baseline's value it is.", empty: noRatio) {
      $0.effect?.ratio?.value
    },
    .figure("ratio_low", "The lower bound of the ratio's 95 % interval.", empty: noRatio + orUnbounded) {
      $0.effect?.ratio?.interval.low
    },
    .figure("ratio_high", "The upper bound of the same interval.", empty: noRatio + orUnbounded) {
      $0.effect?.ratio?.interval.high
    },
    .figure("shift", "How much it adds to the baseline's value.", unit: ColumnFacts.own, empty: noShift) {
      $0.effect?.shift.value
    },
    .figure(
      "shift_low", "The lower bound of the shift's 95 % interval.", unit: ColumnFacts.own,
      empty: noShift + orUnbounded
    ) { $0.effect?.shift.interval.low },
    .figure(
      "shift_high", "The upper bound of the same interval.", unit: ColumnFacts.own,
      empty: noShift + orUnbounded
    ) { $0.effect?.shift.interval.high },
  ]

  private static let counters: [SummaryColumn] = [
    .whole(
      "level2_splits",
      "Entries of 2 MiB in the direct map that were split, machine-wide, over the blocks that count.",
      empty: ColumnFacts.uncounted
    ) { $0.summary.counters.level2Splits },
    .whole("level3_splits", "The same of entries of 1 GiB.", empty: ColumnFacts.uncounted) {
      $0.summary.counters.level3Splits
    },
    .whole(
      "cal_interrupts",
      "Function call interrupts of all CPUs over those blocks; less `tlb_interrupts` they are about the kernel-range flushes.",
      empty: ColumnFacts.uncounted
    ) { $0.summary.counters.calInterrupts?.reduce(0, +) },
    .whole(
      "tlb_interrupts", "Interrupts for flushes of user addresses, of all CPUs over those blocks.",
      empty: ColumnFacts.uncounted
    ) { $0.summary.counters.tlbInterrupts?.reduce(0, +) },
    .whole(
      "pf_taken", "Guest faults that KVM counted over those blocks.", empty: "where no vCPU takes part"
    ) { $0.summary.faultsTaken },
    .whole(
      "context_switches", "Context switches of the measuring thread over those blocks.",
      empty: ColumnFacts.uncounted
    ) { $0.summary.counters.contextSwitches },
    .whole(
      "migrations", "Moves of the measuring thread to another CPU over those blocks.",
      empty: ColumnFacts.unmoved
    ) { $0.summary.counters.migrations },
  ]

  private static let passes: [SummaryColumn] = [
    .count(
      "passes", "Passes that the effect rests on.",
      empty: "where the case is a baseline, and where there are no passes", since: 2
    ) {
      $0.effect?.passes
    },
    .figure(
      "between_share", "The share of the variance of a round's value that lies between passes, 0 to 1.",
      empty: "where the case is a baseline, and where there are no passes", since: 2
    ) { $0.effect?.betweenShare },
    .words(
      "levels", "The levels between which the passes jump, `center@passes` each, joined by `;`.",
      unit: ColumnFacts.own, empty: "where they do not jump", since: 2
    ) { figures in
      figures.levels.map { level in
        CSVText.text(level.center) + "@" + level.passes.map(\.description).joined(separator: ",")
      }.joined(separator: ";")
    },
  ]

  private static let unexplained = "where the probes explain nothing of what moved"

  private static let adjusted: [SummaryColumn] = [
    .figure(
      "adjusted_ratio", "The ratio at the median state of the run's machine.", empty: unexplained, since: 2
    ) {
      $0.effect?.adjustedRatio?.value
    },
    .figure("adjusted_ratio_low", "The lower bound of its 95 % interval.", empty: unexplained, since: 2) {
      $0.effect?.adjustedRatio?.interval.low
    },
    .figure("adjusted_ratio_high", "The upper bound of its 95 % interval.", empty: unexplained, since: 2) {
      $0.effect?.adjustedRatio?.interval.high
    },
    .figure(
      "adjusted_shift", "The shift at the same state.", unit: ColumnFacts.own, empty: unexplained, since: 2
    ) { $0.effect?.adjustedShift?.value },
    .figure(
      "adjusted_shift_low", "The lower bound of its 95 % interval.", unit: ColumnFacts.own,
      empty: unexplained, since: 2
    ) { $0.effect?.adjustedShift?.interval.low },
    .figure(
      "adjusted_shift_high", "The upper bound of its 95 % interval.", unit: ColumnFacts.own,
      empty: unexplained, since: 2
    ) { $0.effect?.adjustedShift?.interval.high },
    slope(.interrupt, "interrupt_slope", "an interrupt's round trip"),
    slope(.instructions, "instructions_slope", "a fixed loop of instructions"),
    slope(.memory, "memory_slope", "zeroing cold memory"),
  ]

  private static func slope(_ kind: Probes.Kind, _ name: String, _ probe: String) -> SummaryColumn {
    .figure(
      name, "How much the logarithm of the ratio moves with that of \(probe).",
      empty: "where the effect is not adjusted for it", since: 2
    ) { $0.slope(kind) }
  }
}
