// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

/// The step at which a kernel takes guest_memfd's pages out of the direct map, as a run's interrupts show it: a flush
/// interrupts every other CPU once a page.
public enum RemovalStep: String, Sendable {
  case fault = "at the fault"
  case allocation = "at the allocation"

  /// The step that a run shows; nil where it does not, as without interrupts or without these cases.
  ///
  /// - Parameter callsPerPage: of a case of the run, by its key.
  public static func shown(by callsPerPage: [String: Double]) -> RemovalStep? {
    func flushes(_ operation: String) -> Bool? {
      let prefix = "\(FaultIn.benchmark)/\(operation)/\(Backing.guestMemfdNoDirectMap.rawValue)/"
      let calls = callsPerPage.filter { $0.key.hasPrefix(prefix) }.map(\.value)
      return calls.max().map { $0 > 0.9 }
    }
    switch (flushes("fallocate"), flushes("touch-after-fallocate")) {
    case (false, true): return .fault
    case (true, false): return .allocation
    default: return nil
    }
  }

  /// Whether what a series measures depends on that step: it takes pages in without being the whole way to them.
  public static func bears(on key: String) -> Bool {
    let key = CaseKey(key)
    guard let backing = key[.backing].flatMap(Backing.init(rawValue:)), backing.isGuestMemfd,
      backing.removesDirectMap
    else { return false }
    let faultsPagesIn = [FaultIn.benchmark, GuestFault.benchmark, TLBFlush.benchmark].contains {
      $0 == key[.benchmark]
    }
    return faultsPagesIn && key[.operation] != "end-to-end"
  }
}

extension RemovalStep {
  /// Whether one of these says that a series measures another thing since a change of it.
  public static func explains(_ change: SeriesChange, by context: [ContextChange]) -> Bool {
    bears(on: change.series.key) && context.contains { $0.meets(change) }
  }

  /// Where the dialect of the flag, or the step of the removal, changed between two runs of a machine that show it.
  public static func changes(in histories: [SeriesHistory]) -> [ContextChange] {
    Dictionary(grouping: histories, by: \.series.machineKey).sorted { $0.key < $1.key }.flatMap {
      machine, own in
      var runs: [String: (abi: String, calls: [String: Double])] = [:]
      for history in own {
        for point in history.points {
          var run = runs[point.startedAt] ?? ("", [:])
          if !point.abi.isEmpty { run.abi = point.abi }
          if let calls = point.callsPerPage { run.calls[history.series.key] = calls }
          runs[point.startedAt] = run
        }
      }
      let inOrder = runs.sorted { $0.key < $1.key }
      let dialects = inOrder.filter { !$0.value.abi.isEmpty }.map { ($0.key, $0.value.abi) }
      let steps = inOrder.compactMap { start, run in shown(by: run.calls).map { (start, $0.rawValue) } }
      return changes(dialects, of: "the dialect of the flag", machine)
        + changes(steps, of: "where the kernel removes the direct map entry", machine)
    }
  }

  private static func changes(
    _ runs: [(startedAt: String, value: String)], of what: String, _ machine: String
  ) -> [ContextChange] {
    zip(runs, runs.dropFirst()).filter { $0.value != $1.value }.map { before, after in
      ContextChange(
        machineKey: machine, startedAt: after.startedAt, before: before.startedAt,
        what: "\(what): \(before.value) → \(after.value); judged by fault-in end-to-end across that")
    }
  }
}
