// SPDX-License-Identifier: Apache-2.0
import CKernel
import Experiment
import GuestMemory
import Loops
import Statistics

/// A/A: one case against itself, many times, through the same runner, rule and statistics as any other.
///
/// How it can mislead: it shows that no difference is claimed where there is none within one run. What differs
/// between runs (memory's layout, boots) it cannot see. Replicas share the machine's drift round by round, as arms do.
public enum Selfcheck {
  /// The plan: `comparisons` groups of two replicas of the selection's case.
  ///
  /// - Parameter delay: multiplications after each store of every second replica; fault-in touch alone can have it.
  public static func plan(
    _ spec: OperationSpec, _ measured: Case, comparisons: Int, precision: Double, budget: Double,
    seed: UInt64,
    delay: Int = 0
  ) -> Plan {
    let spec = spec.replicated(delay: delay)
    let groups = (0..<comparisons).map { pair in
      let cases = [2 * pair, 2 * pair + 1].map { replica in
        var measured = measured
        measured.replica = replica
        return measured
      }
      return CaseGroup(spec: spec, cases: cases, baselines: [cases[1]: cases[0]])
    }
    return Plan(name: "selfcheck", groups: groups, precision: precision, budget: budget, seed: seed)
  }

  /// Whether a delay can be added to an operation.
  public static func canDelay(_ spec: OperationSpec) -> Bool {
    spec.benchmark == FaultIn.benchmark && spec.name == "touch"
  }

  /// What `steps` multiplications add to a page, and the fault's own cost, both in the case's unit: medians of a few
  /// regions.
  public static func delay(steps: Int, _ bench: Workbench) throws(Refusal) -> Double {
    let region = try Region.resident(bytes: pages * bench.pageBytes)
    let base = region.base.assumingMemoryBound(to: UInt8.self)
    func touch(_ steps: Int) throws(Refusal) -> Double {
      try check(
        loops_touch_delayed(
          base, bench.pageBytes, bench.order(.sequential, pages: pages).baseAddress, pages, steps,
          bench.clock.kind, bench.ticks), "touching the region")
      let ticks = (0..<pages).map { Double(bench.ticks[$0 + 1] &- bench.ticks[$0]) }
      return (median(ticks) ?? 0) / bench.clock.ticksPerNanosecond
    }
    _ = try touch(steps)
    var differences: [Double] = []
    for _ in 0..<21 { differences.append(try touch(steps) - touch(0)) }
    return median(differences) ?? 0
  }

  /// Multiplications that take about a share of the case's fault.
  public static func steps(share: Double, of spec: OperationSpec, _ measured: Case, _ bench: Workbench)
    throws(Refusal) -> Int
  {
    try bench.companions.hold(measured.others)
    var medians: [Double] = []
    for _ in 0..<9 {
      try spec.measure(measured, bench)
      if let center = median(bench.reading.samples) { medians.append(center) }
    }
    let many = 1000
    guard let fault = median(medians), case let one = try delay(steps: many, bench) / Double(many), one > 0
    else { throw .failed("no delay can be made here") }
    return Int((share * fault / one).rounded())
  }

  private static let pages = 64
}

extension OperationSpec {
  /// The operation with identical arms, every second of which takes longer by so many multiplications a page.
  fileprivate func replicated(delay: Int) -> OperationSpec {
    var replicas = self
    replicas.armAxis = .replica
    guard delay > 0 else { return replicas }
    return replicas.replacing { original, measured, bench throws(Refusal) in
      guard measured.replica.map({ $0 % 2 == 1 }) == true else {
        return try original.measure(measured, bench)
      }
      let subject = try Subject(measured, bench)
      let base = try subject.base
      let bytes = base.assumingMemoryBound(to: UInt8.self)
      let order = bench.order(measured.order, pages: measured.pages)
      try bench.timed("touching the region") {
        loops_touch_delayed(
          bytes, bench.pageBytes, order.baseAddress, measured.pages, delay, bench.clock.kind, bench.ticks)
      }
      bench.recordStamps(measured)
      bench.verifyPlacement(base, pages: measured.pages, node: measured.memoryNode)
    }
  }
}
