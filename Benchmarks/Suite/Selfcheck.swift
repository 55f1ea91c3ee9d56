// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Loops
import Model
import Statistics

/// A/A: one case against itself, many times, through the same runner, rule and statistics as any other.
///
/// With a delay added to every page of one arm it shows what would be found. The faults beside the delay get a little
/// slower too (1 to 2 % were seen): the shift found is the delay's and theirs.
///
/// How it can mislead: it shows that no difference is claimed where there is none within one run. What differs
/// between runs (memory's layout, boots) it cannot see. Replicas share the machine's drift round by round, as arms do.
public enum Selfcheck {
  /// The plan: `comparisons` groups of two replicas of the selection's case.
  ///
  /// - Parameter delay: multiplications after each store of every second replica; fault-in touch alone can have it.
  public static func plan(
    _ spec: OperationSpec, _ measured: Case, comparisons: Int, precision: Double, budget: Double,
    seed: UInt64, passes: Int, delay: Int = 0
  ) -> Plan {
    let spec =
      delay > 0 ? spec.replicated.delayed(Delay(multiplications: delay)) : spec.replicated
    let groups = (0..<comparisons).map { pair in
      let cases = [2 * pair, 2 * pair + 1].map { replica in
        var measured = measured
        measured.replica = replica
        return measured
      }
      return CaseGroup(spec: spec, cases: cases, baselines: [cases[1]: cases[0]])
    }
    return Plan(
      name: "selfcheck", groups: groups, precision: precision, budget: budget, seed: seed, passes: passes)
  }

  /// Whether a delay can be added to an operation.
  public static func canDelay(_ spec: OperationSpec) -> Bool {
    spec.benchmark == FaultIn.benchmark && spec.name == "touch"
  }

  /// Multiplications that take about a share of the case's fault.
  public static func delay(share: Double, of measured: Case, _ context: MeasuringContext) throws(Refusal)
    -> Int
  {
    try context.arrange(measured)
    let trial = 1000
    var shares: [Double] = []
    for _ in 0..<20 {
      let subject = try BlockMemory(measured, context)
      try check(touch(try subject.base, measured, steps: trial, context), "touching the region")
      let detail = detail(measured, context)
      shares.append(detail.added / detail.fault)
    }
    guard let one = median(shares), one > 0 else { throw .failed("no delay can be made here") }
    return max(1, Int((share * Double(trial) / one).rounded()))
  }

  fileprivate static func touch(
    _ base: UnsafeMutableRawPointer, _ measured: Case, steps: Int, _ context: MeasuringContext
  ) -> Int32 {
    loops_touch_delayed(
      base.assumingMemoryBound(to: UInt8.self), context.pageBytes,
      context.buffers.order(measured.order, pages: measured.pages).baseAddress, measured.pages, steps,
      context.clock.kind,
      context.buffers.ticks, context.buffers.delayTicks)
  }

  /// What the delays of the block just touched came to. It varies with the CPU's frequency and whoever shares its core,
  /// so each block tells its own: the mean of the middle half, which is finer than the clock's steps.
  fileprivate static func detail(_ measured: Case, _ context: MeasuringContext) -> MethodDetail {
    let rate = context.clock.ticksPerNanosecond
    let delays = (0..<measured.pages).map { Double(context.buffers.delayTicks[$0]) / rate }
    let faults = (0..<measured.pages).map {
      Double(context.buffers.ticks[$0 + 1] &- context.buffers.ticks[$0] &- context.buffers.delayTicks[$0])
        / rate
    }
    return MethodDetail(.delay, fault: middleMean(faults), added: middleMean(delays))
  }

  private static func middleMean(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted[(sorted.count / 4)..<max(3 * sorted.count / 4, sorted.count / 4 + 1)]
    return middle.reduce(0, +) / Double(middle.count)
  }
}

extension OperationSpec {
  /// The operation with identical arms.
  var replicated: OperationSpec {
    var replicas = self
    replicas.armAxis = .replica
    return replicas
  }

  /// The operation with some arms delayed.
  func delayed(_ delay: Delay) -> OperationSpec {
    var copy = self
    copy.delay = delay
    return copy
  }
}

extension MeasuredOperation {
  /// The operation as a reference asks for it.
  func adapted(to reference: OperationReference) -> MeasuredOperation {
    var operation = reference.delay.map(delayed) ?? self
    if reference.isReplicated { operation.spec = operation.spec.replicated }
    return operation
  }

  private func delayed(_ delay: Delay) -> MeasuredOperation {
    var copy = replacing { original, measured, context throws(Refusal) in
      guard delay.isOn(measured) else { return try original(measured, context) }
      let subject = try BlockMemory(measured, context)
      let base = try subject.base
      let counted = try context.timed("touching the region") {
        Selfcheck.touch(base, measured, steps: delay.multiplications, context)
      }
      var reading = context.reading(
        context.stampSamples(measured), counted, try subject.placed(measured, context))
      reading.detail = Selfcheck.detail(measured, context)
      return reading
    }
    copy.spec = copy.spec.delayed(delay)
    return copy
  }
}

extension Plan {
  /// The plan with a share of its fault added to every page of one backing's arms, in the operations that can be
  /// delayed.
  public func delayed(_ backing: Backing, by share: Double, _ context: MeasuringContext) throws(Refusal)
    -> Plan
  {
    var plan = self
    for (index, group) in groups.enumerated() where Selfcheck.canDelay(group.spec) {
      guard let measured = group.cases.first(where: { $0.backing == backing && $0.threads == 1 }) else {
        continue
      }
      let delay = Delay(
        multiplications: try Selfcheck.delay(share: share, of: measured, context), backing: backing)
      plan.groups[index] = CaseGroup(
        spec: group.spec.delayed(delay), cases: group.cases, baselines: group.baselines)
    }
    return plan
  }
}
