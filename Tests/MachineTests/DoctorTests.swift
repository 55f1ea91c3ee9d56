// SPDX-License-Identifier: Apache-2.0
import Model
import TestSupport
import Testing

@testable import Machine

@Suite struct DoctorTests {
  private static func examine(
    _ contents: [String: String],
    probe: Doctor.Probe = Doctor.Probe(answersNUMACalls: true, memlockHard: 8 << 20, raisesMemlock: true)
  ) throws -> [Finding] {
    let tree = RecordedTree(contents)
    let topology = try Topology.read(tree.files)
    return Doctor.findings(
      topology: topology, fingerprint: .read(topology, files: tree.files), files: tree.files, probe: probe)
  }

  /// A host where nothing disturbs.
  private static let quiet: [String: String] = {
    let cpu = "/sys/devices/system/cpu"
    return Recorded.merged(
      Recorded.cpus(online: "0-1", status: "Cpus_allowed_list:\t0-1\nMems_allowed_list:\t0\n"),
      Recorded.node(0, cpus: "0-1", totalKiB: 4_000, freeKiB: 1, distance: "10"),
      [
        "/proc/cpuinfo":
          "cpu family: 6\nmodel: 1\nmodel name: M\nstepping: 1\nflags\t: constant_tsc nonstop_tsc invlpgb\n",
        "/proc/sys/kernel/arch": "x86_64", "/proc/loadavg": "0.02 0.01 0.00 1/90 4\n",
        "/proc/self/cgroup": "0::/\n",
        "/proc/stat": "cpu  9 9 9 9 9 9 9 0 0 0\n", "/proc/interrupts": "  CPU0 CPU1\n",
        "/proc/vmstat": "direct_map_level2_splits 1\n", "/proc/cmdline": "init_on_alloc=0 init_on_free=0\n",
        "/proc/meminfo": "MemTotal: 4000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
        "/proc/sys/kernel/numa_balancing": "0\n",
        "\(cpu)/cpu0/cpufreq/scaling_governor": "performance\n", "\(cpu)/cpufreq/boost": "0\n",
        "\(cpu)/smt/control": "notsupported\n", "\(cpu)/vulnerabilities/meltdown": "Not affected\n",
        "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        "/sys/kernel/mm/ksm/run": "0\n",
        "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
      ])
  }()

  @Test func aQuietHostHasOneFindingOnly() throws {
    #expect(
      try Self.examine(Self.quiet).map(\.what) == [
        "a kernel-range TLB flush goes by INVLPGB: it raises no interrupt that could be counted"
      ])
  }

  @Test func aNodeWithoutMemoryIsNotOneThatIsBarred() throws {
    let nodes = Recorded.merged(
      Self.quiet, Recorded.node(1, cpus: "", totalKiB: 0, freeKiB: 0, distance: "20 10 20"),
      Recorded.node(2, cpus: "", totalKiB: 4_000, freeKiB: 1, distance: "20 20 10"))
    let said = try Self.examine(nodes).map(\.what).filter { $0.contains("nodes") }
    #expect(
      said == [
        "no memory on nodes 1", "memory of nodes 2 is not allowed to this process (Mems_allowed_list)",
      ])
  }

  /// One change to the quiet host, and the words and severity that it must bring.
  @Test(
    arguments: [
      (
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n", "governor is powersave",
        .warning
      ),
      ("/sys/devices/system/cpu/cpufreq/boost", "1\n", "turbo is on", .warning),
      ("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-1\n", "CPUs 0 share", .warning),
      ("/proc/sys/kernel/numa_balancing", "1\n", "NUMA balancing is on", .warning),
      ("/sys/kernel/mm/ksm/run", "1\n", "KSM is on", .warning),
      ("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n", "always on", .note),
      (
        "/sys/kernel/mm/transparent_hugepage/shmem_enabled", "always [within_size] advise never deny force\n",
        "shmem_enabled is within_size", .warning
      ),
      ("/proc/meminfo", "SwapTotal: 4096 kB\nSwapFree: 2048 kB\n", "swap is in use (2 MiB)", .warning),
      ("/proc/loadavg", "3.50 1 1 1/9 9\n", "load average of the last minute is 3.5", .warning),
      ("/proc/stat", "cpu  10 0 0 80 0 0 0 10 0 0\n", "taken 10.000 %", .warning),
      ("/proc/stat", "cpu  10 0 0 9984 0 0 0 6 0 0\n", "taken 0.060 %", .note),
      ("/sys/devices/system/cpu/isolated", "1\n", "CPUs 1 are isolated", .note),
      ("/sys/devices/system/cpu/nohz_full", "1\n", "CPUs 1 run without a tick", .note),
      ("/proc/self/status", "Cpus_allowed_list:\t0\n", "CPUs 1 are online but not allowed", .warning),
      ("/proc/cpuinfo", "flags\t: constant_tsc\n", "not invariant", .warning),
      ("/proc/cpuinfo", "flags\t: constant_tsc nonstop_tsc\n", "interrupts every online CPU", .note),
      ("/proc/cpuinfo", "flags\t: constant_tsc hypervisor\n", "whether this is a virtual machine", .unknown),
      ("/proc/cpuinfo", "\n", "cannot tell how a kernel-range TLB flush", .unknown),
      ("/sys/hypervisor/type", "xen\n", "a virtual machine (xen)", .note),
      (
        "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n", "clock source is hpet",
        .warning
      ),
      ("/proc/cmdline", "init_on_alloc=1 init_on_free=0\n", "init_on_alloc is on", .note),
      ("/proc/cmdline", "init_on_alloc=0\n", "cannot tell whether init_on_free", .unknown),
      (
        "/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n", "page table isolation is on",
        .note
      ),
      (
        "/sys/devices/system/cpu/vulnerabilities/l1tf",
        "Mitigation: PTE Inversion; VMX: conditional cache flushes, SMT disabled\n",
        "L1 data cache is flushed", .note
      ),
      (
        "/sys/devices/system/cpu/vulnerabilities/mds", "Mitigation: Clear CPU buffers; SMT disabled\n",
        "CPU buffers are cleared on each return to user space (mds)", .note
      ),
      ("/proc/vmstat", "nr_free_pages 1\n", "does not count direct-map splits", .note),
      ("/sys/devices/system/cpu/online", "0\n", "only one CPU is online", .warning),
    ] as [(String, String, String, Finding.Severity)])
  func seesAndNames(path: String, text: String, words: String, severity: Finding.Severity) throws {
    #expect(!(try Self.examine(Self.quiet).contains { $0.what.contains(words) }))
    let findings = try Self.examine(Self.quiet.merging([path: text]) { $1 })
    let finding = try #require(findings.first { $0.what.contains(words) })
    #expect(finding.severity == severity)
    #expect(finding.what.split(separator: "\n").count == 1)
    #expect(severity < .warning || finding.remedy != nil || words.contains("only one CPU"))
  }

  @Test(arguments: [
    ("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "frequency governor"),
    ("/sys/devices/system/cpu/cpufreq/boost", "turbo"),
    ("/sys/devices/system/cpu/smt/control", "SMT's state"),
    ("/sys/kernel/mm/transparent_hugepage/enabled", "transparent huge pages"),
    ("/proc/loadavg", "load average"),
    ("/proc/meminfo", "swap"), ("/proc/vmstat", "splits"), ("/proc/interrupts", "/proc/interrupts"),
    ("/proc/self/cgroup", "control group"),
    ("/sys/devices/system/cpu/vulnerabilities/meltdown", "mitigations"),
    ("/proc/stat", "stolen time"), ("/proc/cpuinfo", "time stamp counter"),
    ("/proc/cmdline", "init_on_alloc"),
  ])
  func saysWhatItCannotRead(path: String, words: String) throws {
    var contents = Self.quiet
    #expect(contents.removeValue(forKey: path) != nil)
    let findings = try Self.examine(contents)
    #expect(findings.contains { $0.what.contains("cannot") && $0.what.contains(words) })
  }

  @Test func seesOfflineCPUsThatExist() throws {
    let cpu = "/sys/devices/system/cpu"
    let findings = try Self.examine(
      Self.quiet.merging([
        "\(cpu)/offline": "2-7\n", "\(cpu)/cpu2/online": "0\n", "\(cpu)/cpu3/online": "0\n",
      ]) { $1 })
    #expect(findings.contains { $0.what.hasPrefix("CPUs 2-3 are offline") })
  }

  @Test func seesAQuotaThatSpinnersWouldUseUp() throws {
    let group = [
      "/proc/self/mountinfo": "1 1 0:1 / /cg rw - cgroup2 c rw\n", "/cg/cpu.max": "150000 100000\n",
      "/cg/cpu.stat": "nr_throttled 12\n",
    ]
    let findings = try Self.examine(Self.quiet.merging(group) { $1 })
    #expect(
      findings.contains { $0.severity == .warning && $0.what.contains("1.50 CPUs' time, of 2 allowed") })
    #expect(findings.contains { $0.what.contains("throttled in 12 periods") })
    let ample = try Self.examine(
      Self.quiet.merging(group) { $1 }.merging(["/cg/cpu.max": "400000 100000\n"]) { $1 })
    #expect(ample.contains { $0.severity == .note && $0.what.contains("4.00 CPUs' time, of 2 allowed") })
  }

  @Test func seesRefusedCallsAndSmallLimits() throws {
    let refused = Doctor.Probe(answersNUMACalls: false, memlockHard: 8 << 20, raisesMemlock: false)
    let one = try Self.examine(Self.quiet, probe: refused)
    #expect(one.contains { $0.severity == .warning && $0.what.contains("only-node, not verified") })
    #expect(one.contains { $0.what.contains("RLIMIT_MEMLOCK ends at 8192 KiB") })
    let two = try Self.examine(Recorded.twoSockets, probe: refused)
    #expect(two.contains { $0.severity == .problem && $0.remedy?.contains("CAP_SYS_NICE") == true })
    #expect(two.contains { $0.what.hasPrefix("memory of nodes 4 is not allowed") })
    let blind = try Self.examine(Self.quiet, probe: Doctor.Probe())
    #expect(blind.contains { $0.what.contains("cannot read RLIMIT_MEMLOCK") })
    #expect(blind.contains { $0.what.contains("cannot tell whether the NUMA system calls") })
  }

  @Test func readsTheKernelsDefaultsFromItsConfiguration() throws {
    let config = [
      "/proc/cmdline": "quiet\n", "/proc/sys/kernel/osrelease": "7.3\n",
      "/boot/config-7.3": "CONFIG_INIT_ON_ALLOC_DEFAULT_ON=y\n# CONFIG_INIT_ON_FREE_DEFAULT_ON is not set\n",
    ]
    let findings = try Self.examine(Self.quiet.merging(config) { $1 })
    #expect(findings.contains { $0.what.contains("init_on_alloc is on by default") })
    #expect(!findings.contains { $0.what.contains("init_on_free") })
  }

  @Test func writesDecimalsWithoutFoundation() {
    #expect(Doctor.Examination.decimals(1.5, 2) == "1.50")
    #expect(Doctor.Examination.decimals(0.005, 2) == "0.01")
    #expect(Doctor.Examination.decimals(-0.25, 1) == "-0.3")
    #expect(Doctor.Examination.decimals(9.999, 2) == "10.00")
    #expect(Doctor.Examination.decimals(2.4, 0) == "2")
  }
}
