// SPDX-License-Identifier: Apache-2.0
import Model

extension Doctor.Examination {
  /// Frequency, SMT, and which CPUs this process can hold in a known state.
  func processors() -> [Finding] {
    frequency() + availability()
  }

  private func frequency() -> [Finding] {
    var findings: [Finding] = []
    switch fingerprint.governor {
    case "performance"?: break
    case let governor?:
      findings.append(
        Finding(
          .warning, "the frequency governor is \(governor): the CPU's speed depends on its load",
          remedy: "cpupower frequency-set -g performance"))
    case nil:
      findings.append(
        Finding(
          .unknown, "cannot read a frequency governor (no cpufreq): the firmware or the host sets the speed"))
    }
    switch fingerprint.turbo {
    case "off"?: break
    case nil:
      findings.append(
        Finding(.unknown, "cannot tell whether turbo is on (neither intel_pstate/no_turbo nor cpufreq/boost)")
      )
    default:
      findings.append(
        Finding(
          .warning, "turbo is on: the speed depends on temperature and on how many CPUs work",
          remedy:
            "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > /sys/devices/system/cpu/cpufreq/boost"
        ))
    }
    return findings
  }

  private func availability() -> [Finding] {
    var findings: [Finding] = []
    let paired = topology.allowed.members.filter { !topology.siblings(of: $0).isEmpty }
    if !paired.isEmpty {
      findings.append(
        Finding(
          .warning,
          "CPUs \(CPUSet(paired)) share their cores with SMT siblings: a spinner there slows the measuring CPU",
          remedy: "echo off > /sys/devices/system/cpu/smt/control, or allow one thread per core (taskset)"))
    } else if fingerprint.smt == nil {
      findings.append(Finding(.unknown, "cannot read SMT's state (/sys/devices/system/cpu/smt/control)"))
    }
    if topology.online.count == 1 {
      findings.append(Finding(.warning, "only one CPU is online: what a flush costs the others cannot show"))
    }
    let barred = topology.online.subtracting(topology.allowed)
    if !barred.isEmpty {
      findings.append(
        Finding(
          .warning,
          "CPUs \(barred) are online but not allowed to this process: flushes reach them in an unknown state",
          remedy: "run without taskset, or in a cpuset with all CPUs"))
    }
    if let offline = files.text("/sys/devices/system/cpu/offline").flatMap({ CPUSet(list: $0) }),
      !offline.isEmpty
    {
      // The kernel lists possible CPUs that never existed here, too.
      let available = offline.members.filter { files.line("/sys/devices/system/cpu/cpu\($0)/online") != nil }
      if !available.isEmpty {
        findings.append(Finding(.note, "CPUs \(CPUSet(available)) are offline: no flush reaches them"))
      }
    }
    if let isolated = files.text("/sys/devices/system/cpu/isolated").flatMap({ CPUSet(list: $0) }),
      !isolated.isEmpty
    {
      findings.append(
        Finding(
          .note, "CPUs \(isolated) are isolated: quiet, but a kernel-range flush interrupts them as well"))
    }
    if let full = files.text("/sys/devices/system/cpu/nohz_full").flatMap({ CPUSet(list: $0) }), !full.isEmpty
    {
      findings.append(
        Finding(
          .note, "CPUs \(full) run without a tick (nohz_full), which makes each entry to the kernel dearer"))
    }
    return findings
  }

  /// Who else takes time: other work, the hypervisor, a control group's quota.
  func load() -> [Finding] {
    var findings: [Finding] = []
    if let load = files.line("/proc/loadavg")?.split(separator: " ").first.flatMap({ Double($0) }) {
      if load >= 0.5 {
        findings.append(
          Finding(
            .warning, "other work runs: the load average of the last minute is \(load)",
            remedy: "stop it, or wait until the load is below 0.5"))
      }
    } else {
      findings.append(Finding(.unknown, "cannot read the load average (/proc/loadavg)"))
    }
    findings += steal()
    if let quota = Quota.read(files) {
      let scarce = quota < Double(topology.allowed.count)
      findings.append(
        Finding(
          scarce ? .warning : .note,
          "a control group limits this process to \(Self.decimals(quota, 2)) CPUs' time, of \(topology.allowed.count) allowed",
          remedy: scarce ? "lift cpu.max, or use --others idle: spinners use the quota up" : nil))
      if let throttled = Quota.throttled(files), throttled > 0 {
        findings.append(
          Finding(.warning, "the control group has been throttled in \(throttled) periods so far"))
      }
    } else if files.text("/proc/self/cgroup") == nil {
      findings.append(
        Finding(.unknown, "cannot tell whether a control group limits CPU time (/proc/self/cgroup)"))
    }
    return findings
  }

  private func steal() -> [Finding] {
    let first = files.text("/proc/stat", limit: 256)?.split(separator: "\n").first
    let ticks = first?.split(separator: " ").dropFirst().compactMap { Int64($0) } ?? []
    guard ticks.count >= 8 else { return [Finding(.unknown, "cannot read stolen time (/proc/stat)")] }
    // guest and guest_nice, which follow, are counted in user and nice already.
    let total = ticks[..<8].reduce(0, +)
    guard ticks[7] > 0, total > 0 else { return [] }
    let share = Double(ticks[7]) / Double(total) * 100
    return [
      Finding(
        share >= 1 ? .warning : .note,
        "the hypervisor has taken \(Self.decimals(share, 3)) % of all CPU time since boot (steal)",
        remedy: share >= 1 ? "measure on a host with dedicated CPUs" : nil)
    ]
  }

  /// A figure with so many decimals, without Foundation.
  static func decimals(_ value: Double, _ places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    let scaled = Int((value.magnitude * Double(scale)).rounded())
    let fraction = String(scaled % scale + scale).dropFirst()
    return "\(value < 0 ? "-" : "")\(scaled / scale)\(places > 0 ? "." : "")\(fraction)"
  }
}
