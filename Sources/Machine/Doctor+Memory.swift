// SPDX-License-Identifier: Apache-2.0
import Model

extension Doctor.Examination {
  /// NUMA, page sizes, what moves or merges pages, and the limits.
  func memory() -> [Finding] {
    nodes() + pages() + limits()
  }

  private func nodes() -> [Finding] {
    var findings: [Finding] = []
    switch fingerprint.numaBalancing {
    case 0?: break
    case nil:
      if topology.hasNUMA {
        findings.append(
          Finding(.unknown, "cannot read NUMA balancing's state (/proc/sys/kernel/numa_balancing)"))
      }
    default:
      findings.append(
        Finding(
          .warning, "NUMA balancing is on: its scans unmap guest pages and add guest faults",
          remedy: "sysctl kernel.numa_balancing=0"))
    }
    if probe.answersNUMACalls == false {
      findings.append(
        Finding(
          topology.hasNUMA ? .problem : .warning,
          topology.hasNUMA
            ? "the NUMA system calls are refused: memory can be neither placed on a node nor checked"
            : "the NUMA system calls are refused: placement reads only-node, not verified",
          remedy: "give the container CAP_SYS_NICE"))
    }
    if probe.answersNUMACalls == nil {
      findings.append(
        Finding(.unknown, "cannot tell whether the NUMA system calls are answered (recorded files)"))
    }
    let empty = CPUSet(topology.nodes.filter { $0.memoryBytes == 0 }.map(\.number))
    if !empty.isEmpty { findings.append(Finding(.note, "no memory on nodes \(empty)")) }
    let barred = CPUSet(topology.nodes.map(\.number)).subtracting(topology.allowedNodes).subtracting(empty)
    if !barred.isEmpty {
      findings.append(
        Finding(.note, "memory of nodes \(barred) is not allowed to this process (Mems_allowed_list)"))
    }
    return findings
  }

  private func pages() -> [Finding] {
    var findings: [Finding] = []
    switch fingerprint.transparentHugePages {
    case "always"?:
      findings.append(
        Finding(
          .note, "transparent huge pages are always on: khugepaged may collapse pages that are under test",
          remedy: "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"))
    case nil:
      findings.append(
        Finding(.unknown, "cannot read transparent huge pages' state: the kernel may be built without them"))
    default: break
    }
    let shared = "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
    if let state = files.choice(shared), ["always", "within_size", "force"].contains(state) {
      findings.append(
        Finding(
          .warning,
          "shared memory comes in huge pages (shmem_enabled is \(state)): where memfd does, its blocks are invalid",
          remedy: "echo never > \(shared)"))
    }
    switch fingerprint.ksm {
    case "off"?, nil: break  // absent: not built in
    case let state?:
      findings.append(
        Finding(
          .warning, "KSM is \(state): it scans and merges anonymous memory",
          remedy: "echo 2 > /sys/kernel/mm/ksm/run"))
    }
    let text = files.text("/proc/meminfo") ?? ""
    if let total = SystemFiles.kibibytes("SwapTotal", inText: text),
      let free = SystemFiles.kibibytes("SwapFree", inText: text)
    {
      if total > free {
        findings.append(
          Finding(
            .warning, "swap is in use (\((total - free) >> 20) MiB): memory was short, and reclaim may run",
            remedy: "free memory, then swapoff -a"))
      }
    } else {
      findings.append(Finding(.unknown, "cannot tell whether swap is in use (/proc/meminfo)"))
    }
    if let text = files.text("/proc/vmstat") {
      if !text.contains("direct_map_level2_splits") {
        findings.append(Finding(.note, "this kernel does not count direct-map splits (/proc/vmstat)"))
      }
    } else {
      findings.append(Finding(.warning, "cannot read /proc/vmstat: splits of the direct map go uncounted"))
    }
    if files.text("/proc/interrupts", limit: 1) == nil {
      findings.append(
        Finding(.warning, "cannot read /proc/interrupts: what the flushes cost others goes uncounted"))
    }
    return findings
  }

  private func limits() -> [Finding] {
    guard let hard = probe.memlockHard, let raises = probe.raisesMemlock else {
      return [Finding(.unknown, "cannot read RLIMIT_MEMLOCK")]
    }
    // A low limit is no finding where a run can raise its own.
    if raises { return [] }
    return [
      Finding(
        .warning,
        "RLIMIT_MEMLOCK ends at \(hard >> 10) KiB: larger regions of memfd_secret are refused",
        remedy:
          "raise memlock in /etc/security/limits.conf, or LimitMEMLOCK= of the unit, or use a smaller --size")
    ]
  }
}
