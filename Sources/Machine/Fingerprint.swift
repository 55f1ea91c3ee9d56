// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a result was measured on. The stable part identifies a series of results; the context explains why
/// two of them differ. Neither holds a host name, a user name or a serial number.
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
  /// a share for itself that changes with its version, and the key should not.
  public var memoryGiB: Int
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
  /// Those parameters of `/proc/cmdline` that bear on measurement; the others may name the host.
  public var commandLine: String
  /// `scaling_governor` of the online CPUs, several joined by `+`. Nil where the host sets the frequency.
  public var governor: String?
  /// `on` or `off`: `intel_pstate/no_turbo` or `cpufreq/boost`.
  public var turbo: String?
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
    memoryGiB: Int, hypervisor: String, kernelRelease: String, kernelVersion: String,
    microcode: String? = nil,
    commandLine: String = "", governor: String? = nil, turbo: String? = nil, smt: String? = nil,
    transparentHugePages: String? = nil, numaBalancing: Int? = nil, mitigations: [String: String] = [:],
    clocksource: String? = nil, ksm: String? = nil, swapBytes: Int64? = nil,
    directMap: DirectMapSizes? = nil
  ) {
    self.cpuModel = cpuModel
    self.cpuFamilyModelStepping = cpuFamilyModelStepping
    self.architecture = architecture
    self.cpus = cpus
    self.nodes = nodes
    self.memoryGiB = memoryGiB
    self.hypervisor = hypervisor
    self.kernelRelease = kernelRelease
    self.kernelVersion = kernelVersion
    self.microcode = microcode
    self.commandLine = commandLine
    self.governor = governor
    self.turbo = turbo
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
      "\(model)-\(cpuFamilyModelStepping)-\(cpus)cpu-\(nodes)node-\(memoryGiB)gib-\(hypervisor)")
  }

  private static func slug(_ text: String) -> String {
    text.lowercased().split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber || $0 == ".") })
      .joined(separator: "-")
  }
}

extension Fingerprint {
  /// Reads the fingerprint of the machine whose topology is given.
  public static func read(_ topology: Topology, files: SystemFiles = SystemFiles()) -> Fingerprint {
    let info = CPUInfo(files)
    let cpu = "/sys/devices/system/cpu"
    let governors = topology.online.members.compactMap {
      files.line("\(cpu)/cpu\($0)/cpufreq/scaling_governor")
    }
    let kibibytes = files.text("/proc/meminfo") ?? ""
    let directMap = DirectMapSizes.read(files)
    return Fingerprint(
      cpuModel: model(info), cpuFamilyModelStepping: stepping(info), architecture: architecture(files),
      cpus: topology.online.count, nodes: topology.nodes.count,
      memoryGiB: roundedGiB(SystemFiles.kibibytes("MemTotal", inText: kibibytes) ?? 0),
      hypervisor: Hypervisor.name(files, info: info),
      kernelRelease: files.line("/proc/sys/kernel/osrelease") ?? "unknown",
      kernelVersion: files.line("/proc/sys/kernel/version") ?? "unknown",
      microcode: info["microcode"],
      commandLine: KernelParameters.bearingOnMeasurement(files.line("/proc/cmdline") ?? ""),
      governor: governors.isEmpty ? nil : Set(governors).sorted().joined(separator: "+"),
      turbo: turbo(files), smt: files.line("\(cpu)/smt/control"),
      transparentHugePages: files.line("/sys/kernel/mm/transparent_hugepage/enabled").flatMap(chosen),
      numaBalancing: files.integer("/proc/sys/kernel/numa_balancing"),
      mitigations: Dictionary(
        uniqueKeysWithValues: (files.names(in: "\(cpu)/vulnerabilities") ?? []).compactMap { name in
          files.line("\(cpu)/vulnerabilities/\(name)").map { (name, $0) }
        }),
      clocksource: files.line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
      ksm: files.integer("/sys/kernel/mm/ksm/run").map { ["off", "on", "unmerging"][safe: $0] ?? "\($0)" },
      swapBytes: SystemFiles.kibibytes("SwapTotal", inText: kibibytes),
      directMap: directMap == DirectMapSizes() ? nil : directMap)
  }

  private static func model(_ info: CPUInfo) -> String {
    if let name = info["model name"] { return name }
    guard let implementer = info["CPU implementer"], let part = info["CPU part"] else { return "unknown" }
    let makers = ["0x41": "ARM", "0x46": "Fujitsu", "0x48": "HiSilicon", "0x61": "Apple", "0xc0": "Ampere"]
    return "\(makers[implementer] ?? "implementer \(implementer)") part \(part)"
  }

  private static func stepping(_ info: CPUInfo) -> String {
    if let family = info["cpu family"], let model = info["model"], let stepping = info["stepping"] {
      return "\(family).\(model).\(stepping)"
    }
    guard let implementer = info["CPU implementer"], let part = info["CPU part"],
      let variant = info["CPU variant"], let revision = info["CPU revision"]
    else { return "unknown" }
    func digits(_ text: String) -> Substring { text.hasPrefix("0x") ? text.dropFirst(2) : text[...] }
    return "\(digits(implementer)).\(digits(part)).r\(digits(variant))p\(digits(revision))"
  }

  private static func architecture(_ files: SystemFiles) -> String {
    if let name = files.line("/proc/sys/kernel/arch") { return name }  // Linux 6.1 on
    var names = utsname()
    guard files.isLive, uname(&names) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  static func roundedGiB(_ bytes: Int64) -> Int {
    guard bytes > 0 else { return 0 }
    let mebibytes = Int((bytes + 1 << 20 - 1) >> 20)
    let step = max(1, 1 << (Int.bitWidth - 1 - mebibytes.leadingZeroBitCount) / 16)
    let rounded = (mebibytes + step - 1) / step * step
    return (rounded + 1_023) / 1_024
  }

  private static func turbo(_ files: SystemFiles) -> String? {
    switch files.integer("/sys/devices/system/cpu/intel_pstate/no_turbo") {
    case 0: return "on"
    case 1: return "off"
    default: break
    }
    switch files.integer("/sys/devices/system/cpu/cpufreq/boost") {
    case 0: return "off"
    case 1: return "on"
    default: return nil
    }
  }

  /// The bracketed word of `always [madvise] never`.
  private static func chosen(_ choices: String) -> String? {
    choices.split(separator: " ").first { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) }
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
