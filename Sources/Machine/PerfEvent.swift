// SPDX-License-Identifier: Apache-2.0
import CKernel

/// Something that perf_event_open(2) may count of a thread.
struct PerfEvent: Hashable, Sendable {
  enum Side: Hashable, Sendable { case user, kernel, both }

  var type: UInt32
  var config: UInt64
  var side: Side
  /// The columns of blocks.csv that need it.
  var columns: [String]

  private init(_ type: UInt32, _ config: UInt64, _ side: Side, _ columns: [String]) {
    self.type = type
    self.config = config
    self.side = side
    self.columns = columns
  }

  static func hardware(_ counter: perf_hw_id, _ side: Side, _ columns: String...) -> PerfEvent {
    PerfEvent(PERF_TYPE_HARDWARE.rawValue, UInt64(counter.rawValue), side, columns)
  }

  static func software(_ counter: perf_sw_ids, _ columns: String...) -> PerfEvent {
    PerfEvent(PERF_TYPE_SOFTWARE.rawValue, UInt64(counter.rawValue), .both, columns)
  }

  /// Misses of one of the kernel's generic caches.
  static func misses(_ cache: perf_hw_cache_id, _ operation: perf_hw_cache_op_id, _ columns: String...)
    -> PerfEvent
  {
    PerfEvent(
      PERF_TYPE_HW_CACHE.rawValue,
      UInt64(
        cache.rawValue | operation.rawValue << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS.rawValue << 16),
      .both, columns)
  }

  static let cyclesUser = hardware(PERF_COUNT_HW_CPU_CYCLES, .user, "cycles_user")
  static let cyclesKernel = hardware(PERF_COUNT_HW_CPU_CYCLES, .kernel, "cycles_kernel")
  static let instructionsUser = hardware(PERF_COUNT_HW_INSTRUCTIONS, .user, "instructions_user")
  static let instructionsKernel = hardware(PERF_COUNT_HW_INSTRUCTIONS, .kernel, "instructions_kernel")
  /// On AMD and arm64 those of stores as well.
  static let dtlbLoadMisses = misses(
    PERF_COUNT_HW_CACHE_DTLB, PERF_COUNT_HW_CACHE_OP_READ, "dtlb_misses", "page_walks")
  /// Where the CPU counts them apart: there alone the kernel has this event.
  static let dtlbStoreMisses = misses(
    PERF_COUNT_HW_CACHE_DTLB, PERF_COUNT_HW_CACHE_OP_WRITE, "dtlb_misses", "page_walks")
  static let itlbMisses = misses(
    PERF_COUNT_HW_CACHE_ITLB, PERF_COUNT_HW_CACHE_OP_READ, "itlb_misses", "page_walks")
  /// Scheduling is the kernel's: with the kernel left out it would read 0, whatever happened.
  static let migrations = software(PERF_COUNT_SW_CPU_MIGRATIONS, "migrations")

  /// In the order of their worth: where the CPU has too few counters, the last ones go without.
  static let byWorth = [
    cyclesKernel, instructionsKernel, cyclesUser, instructionsUser, dtlbLoadMisses, dtlbStoreMisses,
    itlbMisses,
  ]

  /// Whether what the kernel's generic TLB events count on this CPU are walks of the page tables, as arch/x86/events
  /// has it: `WALK_COMPLETED` or `MISS_CAUSES_A_WALK` on Intel's large cores, `L2 DTLB misses (PT walks)` since AMD's
  /// Zen. Elsewhere they may be misses that a second TLB serves.
  static func missesAreWalks(_ files: SystemFiles) -> Bool {
    // The kernel names the table that it took; on a CPU with two kinds of cores it names two.
    if let name = files.line("/sys/bus/event_source/devices/cpu/caps/pmu_name") {
      return [
        "sandybridge", "ivybridge", "haswell", "broadwell", "skylake", "icelake", "sapphire_rapids",
        "granite_rapids",
      ].contains(name)
    }
    let info = CPUInfo(files)
    return ["AuthenticAMD", "HygonGenuine"].contains(info["vendor_id"])
      && info["cpu family"].flatMap { Int($0) }.map { $0 >= 0x17 } == true
  }
}
