// SPDX-License-Identifier: Apache-2.0
import Model
import TestSupport
import Testing

@testable import Machine

@Suite struct FingerprintTests {
  static let epyc: [String: String] = [
    "/proc/cpuinfo": """
    processor\t: 0
    vendor_id\t: AuthenticAMD
    cpu family\t: 25
    model\t\t: 17
    model name\t: AMD EPYC
    stepping\t: 1
    microcode\t: 0x1000065
    flags\t\t: fpu tsc constant_tsc nonstop_tsc hypervisor
    bogomips\t: 5192.26

    processor\t: 1
    model name\t: another
    flags\t\t: fpu

    """,
    "/proc/meminfo": "MemTotal:       24692848 kB\nSwapTotal:  1024 kB\nSwapFree:  1024 kB\n",
    "/proc/sys/kernel/arch": "x86_64\n", "/proc/sys/kernel/osrelease": "6.18.44\n",
    "/proc/sys/kernel/version": "#1 SMP\n", "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
    "/sys/class/dmi/id/product_name": "m7a.large\n",
    "/proc/cmdline": "BOOT_IMAGE=/vmlinuz root=UUID=1-2 mitigations=off init_on_alloc=0 quiet -- idle=poll\n",
  ]

  private static func topology(_ cpus: CPUSet = CPUSet([0, 1])) -> Topology {
    Topology(
      online: cpus, allowed: cpus,
      nodes: [NUMANode(number: 0, cpus: cpus, memoryBytes: 1, freeBytes: 1, distances: [10])],
      allowedNodes: CPUSet([0]))
  }

  @Test func readsTheStablePart() {
    let tree = RecordedTree(Self.epyc)
    let fingerprint = Fingerprint.read(Self.topology(), files: tree.files)
    #expect(fingerprint.machineKey == "amd-epyc-25.17.1-2cpu-1node-24gib-kvm")
    #expect(fingerprint.architecture == "x86_64")
    #expect(fingerprint.microcode == "0x1000065")
    #expect(fingerprint.commandLine == "mitigations=off init_on_alloc=0")
    #expect(fingerprint.swapBytes == 1 << 20)
  }

  @Test func whatIsNotThereIsNilOrUnknown() {
    let tree = RecordedTree([:])
    let fingerprint = Fingerprint.read(Self.topology(), files: tree.files)
    #expect(fingerprint.machineKey == "unknown-unknown-2cpu-1node-0gib-unknown")
    #expect(fingerprint.governor == nil && fingerprint.turbo == nil && fingerprint.smt == nil)
    #expect(fingerprint.transparentHugePages == nil && fingerprint.numaBalancing == nil)
    #expect(fingerprint.clocksource == nil && fingerprint.ksm == nil && fingerprint.swapBytes == nil)
    #expect(fingerprint.microcode == nil && fingerprint.mitigations.isEmpty)
  }

  @Test func readsTheContext() {
    let cpu = "/sys/devices/system/cpu"
    let tree = RecordedTree([
      "\(cpu)/cpu0/cpufreq/scaling_governor": "schedutil\n",
      "\(cpu)/cpu1/cpufreq/scaling_governor": "performance\n",
      "\(cpu)/intel_pstate/no_turbo": "1\n", "\(cpu)/smt/control": "on\n",
      "\(cpu)/cpuidle/current_driver": "intel_idle\n", "\(cpu)/cpuidle/current_governor": "menu\n",
      "\(cpu)/cpu0/cpuidle/state1/name": "C1\n", "\(cpu)/cpu0/cpuidle/state1/disable": "0\n",
      "\(cpu)/cpu0/cpuidle/state2/name": "C1E\n", "\(cpu)/cpu0/cpuidle/state2/disable": "0\n",
      "\(cpu)/cpu0/cpuidle/state10/name": "C6\n", "\(cpu)/cpu0/cpuidle/state10/disable": "1\n",
      "\(cpu)/vulnerabilities/meltdown": "Mitigation: PTI\n", "/sys/kernel/mm/ksm/run": "1\n",
      "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
      "/proc/sys/kernel/numa_balancing": "1\n",
      "/sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
    ])
    let fingerprint = Fingerprint.read(Self.topology(), files: tree.files)
    #expect(fingerprint.governor == "performance+schedutil")
    #expect(fingerprint.turbo == "off")
    #expect(fingerprint.idle == "intel_idle, menu" && fingerprint.deepestIdleState == "C1E")
    #expect(fingerprint.smt == "on")
    #expect(fingerprint.mitigations == ["meltdown": "Mitigation: PTI"])
    #expect(fingerprint.ksm == "on")
    #expect(fingerprint.transparentHugePages == "madvise")
    #expect(fingerprint.numaBalancing == 1)
    #expect(fingerprint.clocksource == "hpet")
  }

  @Test func readsTurboFromEitherDriver() {
    let cpu = "/sys/devices/system/cpu"
    for (file, text, turbo) in [
      ("intel_pstate/no_turbo", "0\n", "on"), ("cpufreq/boost", "1\n", "on"), ("cpufreq/boost", "0\n", "off"),
    ] {
      let tree = RecordedTree(["\(cpu)/\(file)": text])
      #expect(Fingerprint.read(Self.topology(), files: tree.files).turbo == turbo)
    }
  }

  @Test func slugsNoisyModelNames() {
    let tree = RecordedTree([
      "/proc/cpuinfo":
        "cpu family\t: 6\nmodel\t: 143\nmodel name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz\nstepping\t: 8\nflags\t: fpu\n",
      "/proc/meminfo": "MemTotal: 263807232 kB\n",
    ])
    let key = Fingerprint.read(Self.topology(CPUSet(0..<96)), files: tree.files).machineKey
    #expect(key == "intel-xeon-platinum-8481c-6.143.8-96cpu-1node-256gib-none")
    #expect(key.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-.".utf8.contains($0) })
  }

  @Test func namesArmAndItsEmulation() {
    let emulated =
      "processor\t: 0\nFeatures\t: fp\nCPU implementer\t: 0x00\nCPU variant\t: 0x0\nCPU part\t: 0x051\nCPU revision\t: 0\n"
    let emulation = RecordedTree(["/proc/cpuinfo": emulated])
    #expect(Fingerprint.read(Self.topology(), files: emulation.files).hypervisor == "qemu-tcg")
    let graviton = RecordedTree([
      "/proc/cpuinfo": "CPU implementer\t: 0x41\nCPU variant\t: 0x1\nCPU part\t: 0xd40\nCPU revision\t: 1\n",
      "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n", "/sys/class/dmi/id/product_name": "c7g.metal\n",
    ])
    let fingerprint = Fingerprint.read(Self.topology(), files: graviton.files)
    #expect(fingerprint.machineKey == "arm-part-0xd40-41.d40.r1p1-2cpu-1node-0gib-none")
    #expect(CPUFeatures.read(graviton.files) == CPUFeatures(broadcastFlush: "TLBI"))
  }

  @Test(arguments: [
    ("", "none"), ("KVMKVMKVM", "kvm"), ("Microsoft Hv", "microsoft"), ("XenVMMXenVMM", "xen"),
    ("VMwareVMware", "vmware"), ("TCGTCGTCGTCG", "qemu-tcg"), ("bhyve bhyve ", "unknown"), ("?", "unknown"),
  ])
  func namesHypervisors(signature: String, name: String) {
    #expect(Hypervisor.name(signature: signature) == name)
  }

  @Test(arguments: [
    (257_600, 256), (24_114, 24), (15_800, 16), (1_031_000, 1_024), (500, 1), (64_250, 64), (0, 0),
  ])
  func roundsMemoryOverTheKernelsShare(mebibytes: Int64, gib: Int) {
    #expect(Fingerprint.roundedGiB(mebibytes << 20) == gib)
  }

  @Test(arguments: [
    ("root=UUID=ab ip=10.0.0.1::x:host quiet", ""),
    ("console=ttyS0 nokaslr tsc=reliable", "nokaslr tsc=reliable"),
    ("kvm.nx=1 kvm_amd.npt=0 kvmx.y=1 secretmem.enable=1", "kvm.nx=1 kvm_amd.npt=0 secretmem.enable=1"),
    (
      "processor.max_cstate=1 rcu-nocbs=1-3 isolcpus=domain,1",
      "processor.max_cstate=1 rcu-nocbs=1-3 isolcpus=domain,1"
    ),
    ("a=\"idle=poll b\" idle=halt -- pti=off", "idle=halt"),
  ])
  func keepsOnlyWhatBearsOnMeasurement(line: String, kept: String) {
    #expect(KernelParameters.bearingOnMeasurement(line) == kept)
  }

  @Test func readsTheFirstCPUsFeatures() {
    let tree = RecordedTree(Self.epyc)
    #expect(
      CPUFeatures.read(tree.files)
        == CPUFeatures(invariantTSC: true, tscFrequencyHint: 2_596_130_000, broadcastFlush: "IPI"))
    let milan = RecordedTree(["/proc/cpuinfo": "flags\t: constant_tsc invlpgb\n"])
    #expect(CPUFeatures.read(milan.files) == CPUFeatures(invariantTSC: false, broadcastFlush: "INVLPGB"))
    #expect(CPUFeatures.read(SystemFiles(root: "/nonexistent")) == CPUFeatures())
  }
}
