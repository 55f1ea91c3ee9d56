// SPDX-License-Identifier: Apache-2.0

/// What a result was measured on. The stable part identifies a series of results; the context explains why
/// two of them differ. Neither holds a host name, a user name or a serial number. run.json holds the fields by these
/// names.
public struct Fingerprint: Hashable, Sendable, Codable {
  // MARK: The stable part

  /// `model name` of `/proc/cpuinfo`; on arm64, which has none, the implementer and part. "unknown" if neither.
  public var cpuModel: String
  /// x86: `family.model.stepping`; arm64: `implementer.part.rVpR`, in hexadecimal. "unknown" if absent.
  public var cpuFamilyModelStepping: String
  /// As uname says: `x86_64`, `aarch64`.
  public var architecture: String
  /// Online CPUs.
  public var cpus: Int
  /// NUMA nodes.
  public var nodes: Int
  /// `MemTotal`, rounded up to a sixteenth of the power of two below it and then to whole GiB: the kernel keeps
  /// a share for itself that changes with its version, and the key should not. `Gib`, because run.json's key
  /// `memory_gib` is made of the name.
  public var memoryGib: Int
  /// `none`, `kvm`, `microsoft`, `xen`, `vmware`, `qemu-tcg` or `unknown`: cpuid leaf 0x40000000 on x86,
  /// elsewhere `/sys/hypervisor/type`, the device tree or DMI.
  public var hypervisor: String

  // MARK: Context

  /// `/proc/sys/kernel/osrelease`.
  public var kernelRelease: String
  /// `/proc/sys/kernel/version`.
  public var kernelVersion: String
  /// `microcode` of `/proc/cpuinfo`; x86 only.
  public var microcode: String?
  /// Those parameters of `/proc/cmdline` that matter for a measurement; the others may name the host.
  public var commandLine: String
  /// `scaling_governor` of the online CPUs, several joined by `+`. Nil where the host sets the frequency.
  public var governor: String?
  /// `on` or `off`: `intel_pstate/no_turbo` or `cpufreq/boost`.
  public var turbo: String?
  /// `cpuidle/current_driver` and `current_governor`, such as `intel_idle, menu`; nil without a driver.
  public var idle: String?
  /// `name` of the deepest idle state of CPU 0 that is not disabled.
  public var deepestIdleState: String?
  /// `/sys/devices/system/cpu/smt/control`: `on`, `off`, `notsupported`, …
  public var smt: String?
  /// The choice of `/sys/kernel/mm/transparent_hugepage/enabled`.
  public var transparentHugePages: String?
  /// `/proc/sys/kernel/numa_balancing`: a bit mask, 0 = off. Nil where it is not built in.
  public var numaBalancing: Int?
  /// `/sys/devices/system/cpu/vulnerabilities/*`, by file name; empty where the folder is absent.
  public var mitigations: [String: String]
  /// `current_clocksource`.
  public var clocksource: String?
  /// `/sys/kernel/mm/ksm/run` in words: `off`, `on`, `unmerging`.
  public var ksm: String?
  /// `SwapTotal` in bytes.
  public var swapBytes: Int64?
  /// How the direct map was made up when this was read; nil where the kernel does not say.
  public var directMap: DirectMapSizes?

  /// The stable part, and what is known of the context.
  public init(
    cpuModel: String, cpuFamilyModelStepping: String, architecture: String, cpus: Int, nodes: Int,
    memoryGib: Int, hypervisor: String, kernelRelease: String, kernelVersion: String,
    microcode: String? = nil,
    commandLine: String = "", governor: String? = nil, turbo: String? = nil, idle: String? = nil,
    deepestIdleState: String? = nil, smt: String? = nil,
    transparentHugePages: String? = nil, numaBalancing: Int? = nil, mitigations: [String: String] = [:],
    clocksource: String? = nil, ksm: String? = nil, swapBytes: Int64? = nil,
    directMap: DirectMapSizes? = nil
  ) {
    self.cpuModel = cpuModel
    self.cpuFamilyModelStepping = cpuFamilyModelStepping
    self.architecture = architecture
    self.cpus = cpus
    self.nodes = nodes
    self.memoryGib = memoryGib
    self.hypervisor = hypervisor
    self.kernelRelease = kernelRelease
    self.kernelVersion = kernelVersion
    self.microcode = microcode
    self.commandLine = commandLine
    self.governor = governor
    self.turbo = turbo
    self.idle = idle
    self.deepestIdleState = deepestIdleState
    self.smt = smt
    self.transparentHugePages = transparentHugePages
    self.numaBalancing = numaBalancing
    self.mitigations = mitigations
    self.clocksource = clocksource
    self.ksm = ksm
    self.swapBytes = swapBytes
    self.directMap = directMap
  }

  /// A readable slug of the stable part alone, of `[a-z0-9-.]`, such as
  /// `amd-epyc-25.17.1-2cpu-1node-24gib-kvm`.
  public var machineKey: String {
    // Marks, ranks and the nominal clock say nothing that family and model do not.
    let model = cpuModel.lowercased().split(separator: "@")[..<1].joined()
      .split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber || $0 == ".") })
      .filter { !["r", "tm", "cpu", "processor"].contains($0) }.joined(separator: "-")
    return Self.slug(
      "\(model)-\(cpuFamilyModelStepping)-\(cpus)cpu-\(nodes)node-\(memoryGib)gib-\(hypervisor)")
  }

  private static func slug(_ text: String) -> String {
    text.lowercased().split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber || $0 == ".") })
      .joined(separator: "-")
  }
}
