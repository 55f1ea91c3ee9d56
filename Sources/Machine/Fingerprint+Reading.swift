// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model

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
      memoryGib: roundedGiB(SystemFiles.kibibytes("MemTotal", inText: kibibytes) ?? 0),
      hypervisor: Hypervisor.name(files, info: info),
      kernelRelease: files.line("/proc/sys/kernel/osrelease") ?? "unknown",
      kernelVersion: files.line("/proc/sys/kernel/version") ?? "unknown",
      microcode: info["microcode"],
      commandLine: KernelParameters.bearingOnMeasurement(files.line("/proc/cmdline") ?? ""),
      governor: governors.isEmpty ? nil : Set(governors).sorted().joined(separator: "+"),
      turbo: turbo(files), idle: idle(files), deepestIdleState: deepestIdleState(files),
      smt: files.line("\(cpu)/smt/control"),
      transparentHugePages: files.choice("/sys/kernel/mm/transparent_hugepage/enabled"),
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

  /// As uname says it.
  public static func architecture(_ files: SystemFiles = SystemFiles()) -> String {
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

  private static func idle(_ files: SystemFiles) -> String? {
    let folder = "/sys/devices/system/cpu/cpuidle"
    guard let driver = files.line("\(folder)/current_driver"), driver != "none" else { return nil }
    return [driver, files.line("\(folder)/current_governor")].compactMap(\.self).joined(separator: ", ")
  }

  private static func deepestIdleState(_ files: SystemFiles) -> String? {
    let folder = "/sys/devices/system/cpu/cpu0/cpuidle"
    let states = (files.names(in: folder) ?? []).compactMap { name in
      name.hasPrefix("state") ? Int(name.dropFirst(5)) : nil
    }
    let enabled = states.filter { files.integer("\(folder)/state\($0)/disable") != 1 }
    return enabled.max().flatMap { files.line("\(folder)/state\($0)/name") }
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
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
