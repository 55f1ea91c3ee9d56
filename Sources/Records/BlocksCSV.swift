// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// blocks.csv: one line a block, whatever became of it, in the order in which they were measured. `status` tells
/// which of them the summary rests on. Values are in the case's unit; the counters are those around the block,
/// interrupts per CPU joined by `;`, `steal_ticks` of 1/USER_HZ, `stolen_ns` over all companions. `detail` is
/// what a method says beside its samples: the fields of ``MethodDetail`` as `name=value`, joined by `;`. From
/// `cycles_user` on it is what the CPU's counters say of the measuring thread around the block's timed regions, its
/// guest left out, divided by the case's pages. From `busy_cpus` on, of busy CPUs that were asked one by one: which, in
/// the kernel's list notation; what was taken from each, joined by `;`; the lengths of interruptions; what a walk after
/// one takes longer. `elapsed` and `fairness` are those of ``Concurrency``, empty where one thread touched the region.
/// From `direct_map_4k` on, of memory that was laid out before it was timed: bytes of the direct map
/// in entries of each size once it was, machine-wide, and of the page tables that its splits took. From `pass` on, where
/// the block stood in the run: its pass, from 1; seconds since the run's start; and what the probes of its round said
/// (``Probes``), in ns; and how many frames of its memory its pass had not seen before, empty where they are hidden.
public enum BlocksCSV {
  /// The columns' names in their order.
  public static let columns = [
    "run_id", "case", "block", "round", "position", "status", "samples", "median", "mean", "min", "max",
    "placement", "level2_splits", "level3_splits", "level2_collapses", "level3_collapses", "cal_interrupts",
    "tlb_interrupts", "loc_interrupts", "pf_taken", "context_switches", "migrations", "minor_faults",
    "steal_ticks", "throttled", "gaps", "stolen_ns", "detail", "cycles_user", "cycles_kernel",
    "instructions_user", "instructions_kernel", "dtlb_misses", "itlb_misses", "page_walks",
    "busy_cpus", "stolen_each_ns", "gap_p50_ns", "gap_p99_ns", "refill_ns", "elapsed", "fairness",
    "direct_map_4k", "direct_map_2m", "direct_map_1g", "split_table_bytes",
    "pass", "started_s", "interrupt_ns", "instructions_ns", "memory_ns", "frames_new",
  ]

  /// The header line.
  public static var header: [UInt8] {
    var text = CSVText()
    text.line(columns)
    return text.bytes
  }

  /// The line of one block.
  public static func bytes(of block: Block, runID: String) -> [UInt8] {
    var text = CSVText()
    text.field(runID)
    text.field(block.measuredCase.key)
    text.field(block.number)
    text.field(block.round)
    text.field(block.position)
    text.field(block.status.text)
    text.field(block.samples.count)
    text.field(median(block.samples))
    text.field(block.samples.isEmpty ? nil : block.samples.reduce(0, +) / Double(block.samples.count))
    text.field(block.samples.min())
    text.field(block.samples.max())
    text.field(block.placement.text)
    let counters = block.counters
    for count in [
      counters.level2Splits, counters.level3Splits, counters.level2Collapses, counters.level3Collapses,
    ] {
      text.field(count.map(\.description) ?? "")
    }
    for row in [counters.calInterrupts, counters.tlbInterrupts, counters.localTimerInterrupts] {
      text.field(row.map { $0.map(\.description).joined(separator: ";") } ?? "")
    }
    text.field(block.faultsTaken.map(\.description) ?? "")
    for count in [
      counters.contextSwitches, counters.migrations, counters.minorFaults, counters.stolenTicks,
      counters.throttled,
    ] {
      text.field(count.map(\.description) ?? "")
    }
    text.field(block.gaps.map(\.description) ?? "")
    text.field(block.stolen)
    text.field(block.detail.map(words) ?? "")
    let hardware = counters.hardware
    for count in [
      hardware.cyclesUser, hardware.cyclesKernel, hardware.instructionsUser, hardware.instructionsKernel,
      hardware.dtlbMisses, hardware.itlbMisses, hardware.pageWalks,
    ] {
      text.field(count.map { Double($0) / Double(block.measuredCase.pages) })
    }
    let bystanders = block.bystanders
    let gaps = Distribution(bystanders?.gaps ?? [])
    text.field(bystanders?.cpus.description ?? "")
    text.field(bystanders.map { $0.stolen.map(CSVText.text).joined(separator: ";") } ?? "")
    text.field(gaps.quantile(0.5))
    text.field(gaps.quantile(0.99))
    text.field(bystanders?.walks?.refill)
    text.field(block.concurrency?.elapsed)
    text.field(block.concurrency?.fairness)
    let laid = block.directMap
    for bytes in [laid?.after.kib4, laid?.after.mib2, laid?.after.gib1, laid?.tableBytes] {
      text.field(bytes.map(\.description) ?? "")
    }
    text.field(block.place.pass.map(\.description) ?? "")
    text.field(block.elapsed)
    for kind in Probes.Kind.allCases { text.field(block.place.probes[kind]) }
    text.field(block.newFrames.map(\.description) ?? "")
    text.endLine()
    return text.bytes
  }

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
