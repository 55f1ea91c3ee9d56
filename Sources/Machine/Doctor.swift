// SPDX-License-Identifier: Apache-2.0
import Model

/// What would disturb a measurement here, each with its remedy. Leaves everything as it was.
public enum Doctor {
  /// What only a system call can tell; all unknown for a recorded tree.
  struct Probe {
    var answersNUMACalls: Bool?
    /// RLIMIT_MEMLOCK's hard limit in bytes.
    var memlockHard: UInt64?
    /// Whether this process may go up to what is wanted, past the hard limit if it is privileged.
    var raisesMemlock: Bool?
    /// Counters that a run will lack.
    var uncounted: [Finding] = []

    static func run(_ files: SystemFiles, lockable: UInt64) -> Probe {
      guard files.isLive else { return Probe() }
      return Probe(
        answersNUMACalls: MemoryPolicy.isAnswered(), memlockHard: ResourceLimit.memlock()?.hard,
        raisesMemlock: ResourceLimit.couldRaiseMemlock(to: lockable),
        uncounted: CounterReader(cpus: CPUSet([])).findings)
    }
  }

  /// Everything that is looked at, in groups. A thing that cannot be read is a finding of its own.
  ///
  /// - Parameters:
  ///   - lockable: bytes of memfd_secret to have room for; by default a large region.
  ///   - readsCounter: times are to be read from the CPU's counter.
  public static func groups(
    topology: Topology, fingerprint: Fingerprint, files: SystemFiles = SystemFiles(),
    lockable: UInt64 = 64 << 20, readsCounter: Bool = true
  ) -> [CheckGroup] {
    groups(
      topology: topology, fingerprint: fingerprint, files: files, probe: .run(files, lockable: lockable),
      readsCounter: readsCounter)
  }

  /// The findings of all groups, in the order CPU, memory, kernel, counters.
  public static func findings(
    topology: Topology, fingerprint: Fingerprint, files: SystemFiles = SystemFiles(),
    lockable: UInt64 = 64 << 20, readsCounter: Bool = true
  ) -> [Finding] {
    groups(
      topology: topology, fingerprint: fingerprint, files: files, lockable: lockable,
      readsCounter: readsCounter
    ).flatMap(\.findings)
  }

  static func findings(
    topology: Topology, fingerprint: Fingerprint, files: SystemFiles, probe: Probe, readsCounter: Bool = true
  ) -> [Finding] {
    groups(
      topology: topology, fingerprint: fingerprint, files: files, probe: probe, readsCounter: readsCounter
    ).flatMap(\.findings)
  }

  private static func groups(
    topology: Topology, fingerprint: Fingerprint, files: SystemFiles, probe: Probe, readsCounter: Bool
  ) -> [CheckGroup] {
    let seen = Examination(
      topology: topology, fingerprint: fingerprint, files: files, probe: probe, features: .read(files))
    return [
      CheckGroup(
        "CPUs", why: "A CPU whose speed changes, or that is shared, makes figures drift.", seen.processors()),
      CheckGroup(
        "other work", why: "It takes CPU time and caches from the measurement, and delays flushes.",
        seen.load()),
      CheckGroup(
        "clock", why: "A page takes a microsecond or two: the clock has to be finer and steady.",
        (readsCounter ? seen.counter() : []) + seen.clock()),
      CheckGroup(
        "memory", why: "Pages of another size or on another node are not what a row says.", seen.memory()),
      CheckGroup(
        "kernel options", why: "They add to every fault, free or entry to the kernel.", seen.kernel()),
      CheckGroup(
        "hardware counters", why: "They explain a figure; none is needed to measure.", probe.uncounted),
    ]
  }

  /// The facts that the checks look at.
  struct Examination {
    var topology: Topology
    var fingerprint: Fingerprint
    var files: SystemFiles
    var probe: Probe
    var features: CPUFeatures
  }
}

extension Doctor.Examination {
  func counter() -> [Finding] {
    switch features.invariantTSC {
    case true?: []
    case false?:
      [
        Finding(
          .warning,
          "the time stamp counter is not invariant (constant_tsc and nonstop_tsc are not both there)",
          remedy: "use --clock monotonic, or boot with tsc=reliable where you know better")
      ]
    case nil where fingerprint.architecture == "x86_64":
      [
        Finding(
          .unknown, "cannot tell whether the time stamp counter is invariant: no flags in /proc/cpuinfo")
      ]
    case nil: []
    }
  }

  func clock() -> [Finding] {
    var findings: [Finding] = []
    if fingerprint.architecture == "x86_64", let source = fingerprint.clocksource, source != "tsc" {
      findings.append(
        Finding(
          .warning, "the kernel's clock source is \(source): CLOCK_MONOTONIC is slow and coarse here",
          remedy: "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource"))
    }
    switch features.broadcastFlush {
    case "IPI"?:
      findings.append(
        Finding(.note, "a kernel-range TLB flush interrupts every online CPU (row CAL counts it)"))
    case let mechanism?:
      findings.append(
        Finding(
          .note, "a kernel-range TLB flush goes by \(mechanism): it raises no interrupt that could be counted"
        ))
    case nil:
      findings.append(Finding(.unknown, "cannot tell how a kernel-range TLB flush reaches the other CPUs"))
    }
    switch fingerprint.hypervisor {
    case "none": break
    case "unknown":
      findings.append(
        Finding(
          .unknown,
          "cannot tell whether this is a virtual machine: trust ratios within one run, not absolute times"))
    case let name:
      findings.append(
        Finding(
          .note,
          "a virtual machine (\(name)): an interrupt can cost a VM exit, so only ratios within one run carry over"
        ))
    }
    return findings
  }
}
