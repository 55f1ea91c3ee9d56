// SPDX-License-Identifier: Apache-2.0
import Model
import SystemPackage

/// An event that is not counted, and why.
struct UncountedEvent: Hashable, Sendable {
  enum Reason: Hashable, Sendable {
    /// The machine, or this CPU, has no such counter.
    case absent
    /// kernel.perf_event_paranoid, without CAP_PERFMON.
    case notPermitted
    /// A sandbox's filter or a security module.
    case forbidden
    /// The kernel has no perf_event_open(2), or a sandbox says so.
    case noSystemCall
    /// More than the CPU can count at once.
    case noRoom
    /// Others hold counters, or they are those of another kind of core.
    case taken
    case other(Errno)

    /// - Parameter joinsGroup: there are others that it was to be counted with.
    init(_ error: Errno, joinsGroup: Bool) {
      switch error {
      case .noSuchFileOrDirectory, .operationNotSupportedByDevice, .notSupported: self = .absent
      case .permissionDenied: self = .notPermitted
      case .notPermitted: self = .forbidden
      case .noFunction: self = .noSystemCall
      case .invalidArgument where joinsGroup: self = .noRoom
      case .resourceBusy: self = .taken
      default: self = .other(error)
      }
    }
  }

  var event: PerfEvent
  var reason: Reason

  init(_ event: PerfEvent, _ reason: Reason) {
    self.event = event
    self.reason = reason
  }

  /// Page walks where the misses are counted, but are not known to be walks.
  static let unknownWalks = Finding(
    .note, "not counted: page_walks: what this CPU counts as TLB misses is not known to be walks")

  /// One finding a reason: which columns stay empty, why, and what fills them.
  static func findings(_ uncounted: [UncountedEvent], files: SystemFiles) -> [Finding] {
    var columns: [(reason: Reason, names: [String])] = []
    for event in uncounted where !event.isOfNoConsequence {
      let place = columns.firstIndex { $0.reason == event.reason } ?? columns.count
      if place == columns.count { columns.append((event.reason, [])) }
      let told = columns.flatMap(\.names)
      columns[place].names += event.event.columns.filter { !told.contains($0) }
    }
    return columns.filter { !$0.names.isEmpty }.map { reason, names in
      Finding(
        .note, "not counted: \(names.joined(separator: ", ")): \(reason.words(files))", remedy: reason.remedy)
    }
  }

  /// A CPU that does not count stores apart counts them with the loads.
  var isOfNoConsequence: Bool { event == .dtlbStoreMisses && reason == .absent }
}

extension UncountedEvent.Reason {
  fileprivate func words(_ files: SystemFiles) -> String {
    switch self {
    case .absent: "perf_event_open(2) finds no such hardware counter, as in most virtual machines"
    case .notPermitted:
      "kernel.perf_event_paranoid (\(files.line("/proc/sys/kernel/perf_event_paranoid") ?? "unread")) or a security "
        + "module forbids it"
    case .forbidden: "a sandbox or a security module refuses perf_event_open(2)"
    case .noSystemCall: "there is no perf_event_open(2), or a sandbox hides it"
    case .noRoom: "the CPU cannot count so much at once"
    case .taken: "others hold the CPU's counters, or they are of another kind of core"
    case .other(let error): "perf_event_open(2): \(error)"
    }
  }

  fileprivate var remedy: String? {
    switch self {
    case .absent: "bare metal, or a virtual machine with a PMU (QEMU: -cpu host,pmu=on)"
    case .notPermitted: "sysctl kernel.perf_event_paranoid=1, or CAP_PERFMON"
    case .forbidden: "CAP_PERFMON, a seccomp profile that allows perf_event_open, lockdown off"
    case .noSystemCall: "a kernel with CONFIG_PERF_EVENTS, outside the sandbox"
    case .noRoom: "SMT off in the firmware, where that frees the sibling's counters"
    case .taken: "sysctl kernel.nmi_watchdog=0, no other perf, another --cpu"
    case .other: nil
    }
  }
}
