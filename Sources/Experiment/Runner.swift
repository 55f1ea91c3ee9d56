// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Machine
import Statistics

/// Carries a plan out: groups in order, within a group rounds of one block per arm in seeded random order,
/// until every arm is precise or the group's share of the budget ends.
public struct Runner {
  /// Rounds before precision is looked at; below six no 95 % interval is finite.
  private static let leastRounds = 8
  private static let roundsBetweenLooks = 4
  /// Deferred frees of the last block (RCU, per-CPU lists) are done by then.
  private static let restMicroseconds: UInt64 = 500

  private let plan: Plan
  private let workbench: Workbench
  private let identify: (OperationSpec, Case, Workbench) throws(Refusal) -> ArmIdentity
  private let sink: any RunSink
  private let observer: (any RunObserver)?
  private let start = ckernel_clock_monotonic()
  private var generator: SeededGenerator
  private var finished: [Summary] = []
  public private(set) var report: RunReport

  /// - Parameter identify: proves what an arm is, or refuses it, before any block of it.
  public init(
    plan: Plan, context: RunContext, workbench: Workbench, sink: any RunSink,
    observer: (any RunObserver)? = nil,
    identify: @escaping (OperationSpec, Case, Workbench) throws(Refusal) -> ArmIdentity
  ) {
    self.plan = plan
    self.workbench = workbench
    self.sink = sink
    self.observer = observer
    self.identify = identify
    generator = SeededGenerator(seed: plan.seed)
    report = RunReport(context: context)
  }

  /// True once a signal asked the run to stop.
  public static var isInterrupted: Bool { ckernel_signals_pending() != 0 }

  public mutating func warn(_ finding: Finding) { report.warnings.append(finding) }

  /// Measures everything. What was measured stays in `report` whatever happens.
  public mutating func run() throws(SinkFailure) {
    try publish(isComplete: false, pending: plan.groups[...])
    for (index, group) in plan.groups.enumerated() {
      if Self.isInterrupted { break }
      let left = plan.budget - elapsed
      let share = left / Double(plan.groups.count - index)
      let (arms, failure) = measure(group, number: index, until: elapsed + max(share, 0))
      finished += arms.map(\.summary)
      do throws(SinkFailure) {
        try publish(isComplete: false, pending: plan.groups[(index + 1)...])
      } catch { throw failure ?? error }
      if let failure { throw failure }
    }
    let done = finished.count
    let total = plan.groups.reduce(0) { $0 + $1.cases.count }
    let rest = plan.groups.drop { group in !group.cases.contains { isPending($0) } }
    try publish(isComplete: done == total && !Self.isInterrupted, pending: rest)
  }

  /// Adds what timing itself adds, once it is known.
  public mutating func conclude(_ overhead: TimingOverhead?) throws(SinkFailure) {
    report.timingOverhead = overhead
    report.elapsed = elapsed
    try sink.publish(report)
  }

  private func isPending(_ measuredCase: Case) -> Bool {
    !finished.contains { $0.measuredCase == measuredCase }
  }

  public var elapsed: Double { Double(ckernel_clock_monotonic() - start) / 1e9 }

  private mutating func publish(isComplete: Bool, pending: ArraySlice<CaseGroup>) throws(SinkFailure) {
    report.summaries =
      finished
      + pending.flatMap { group in
        group.cases.map { measuredCase in
          var arm = self.arm(measuredCase, of: group.spec, ArmIdentity())
          arm.settle(.partial)
          return arm.summary
        }
      }
    report.isComplete = isComplete
    report.elapsed = elapsed
    try sink.publish(report)
  }

  /// The arms with what was measured of them, even where the sink refused a block of theirs.
  private mutating func measure(
    _ group: CaseGroup, number: Int, until deadline: Double
  ) -> (arms: [Arm], failure: SinkFailure?) {
    var arms = group.cases.map { prove($0, of: group.spec) }
    // The VM that the proofs made is not to live beside those of the blocks; who needs one makes it again.
    workbench.endGroup()
    defer { workbench.endGroup() }
    var isPrecise = false
    var round = 0
    var failure: SinkFailure?
    // Where a sandbox refuses the binding, the placement that is read back says so.
    try? MemoryPolicy.bind(toNode: group.cases[0].memoryNode)
    // A clock that counts instructions jumps while all CPUs idle: its deadline may pass in a moment.
    let assured = workbench.clock.countsInstructions ? Self.leastRounds : -1
    while arms.contains(where: { !$0.hasFailed }), !isPrecise, !Self.isInterrupted,
      elapsed < deadline || round <= assured
    {
      do throws(SinkFailure) { try measureRound(round, group: group, arms: &arms) } catch { failure = error }
      if failure != nil { break }
      round += 1
      observer?.progressed(
        RunProgress(
          benchmark: group.spec.benchmark, operation: group.spec.name, others: group.cases[0].others,
          group: number + 1, groups: plan.groups.count, rounds: round, secondsLeft: plan.budget - elapsed))
      if round > Self.leastRounds, round % Self.roundsBetweenLooks == 0 {
        conclude(&arms, group: group)
        isPrecise = arms.allSatisfy { $0.isPrecise(plan.precision) }
      }
    }
    conclude(&arms, group: group)
    for index in arms.indices {
      let status: CaseStatus = arms[index].isPrecise(plan.precision) ? .ok : .unstable
      let isCutShort = failure != nil || (Self.isInterrupted && !isPrecise)
      arms[index].settle(isCutShort ? .partial : status)
    }
    return (arms, failure)
  }

  private func arm(_ measuredCase: Case, of spec: OperationSpec, _ identity: ArmIdentity) -> Arm {
    Arm(
      measuredCase, spec: spec, identity: identity,
      unit: workbench.clock.countsInstructions ? .instructions : spec.unit, pageBytes: workbench.pageBytes)
  }

  private func prove(_ measuredCase: Case, of spec: OperationSpec) -> Arm {
    do throws(Refusal) {
      let identity = try identify(spec, measuredCase, workbench)
      return arm(measuredCase, of: spec, identity)
    } catch {
      var arm = self.arm(measuredCase, of: spec, ArmIdentity())
      arm.fail(error)
      return arm
    }
  }

  private mutating func measureRound(
    _ round: Int, group: CaseGroup, arms: inout [Arm]
  ) throws(SinkFailure) {
    let order = arms.indices.filter { !arms[$0].hasFailed }.shuffled(using: &generator)
    for (position, index) in order.enumerated() {
      if Self.isInterrupted { return }
      let measuredCase = arms[index].measuredCase
      workbench.begin()
      do throws(Refusal) {
        try measureBlock(measuredCase, group.spec)
      } catch {
        // A signal that came during the block ended it, not the arm.
        if Self.isInterrupted { return }
        arms[index].fail(error)
        continue
      }
      let block = arms[index].block(
        workbench.reading, round: round, position: position, witness: workbench.flushWitness)
      try sink.record(block)
      arms[index].add(block)
      ckernel_rest(Self.restMicroseconds)
    }
  }

  /// One block, with the machine in the state that the case names.
  private func measureBlock(_ measuredCase: Case, _ spec: OperationSpec) throws(Refusal) {
    try workbench.companions.hold(measuredCase.others)
    guard let flush = measuredCase.flush else { return try spec.measure(measuredCase, workbench) }
    // Put back after every block, not after the run: what else happens on this machine shall not go unflushed.
    let held = try FlushSwitch.holding(flush == .on, at: workbench.flushSwitch)
    try spec.measure(measuredCase, workbench)
    try held.restore()
  }

  private func conclude(_ arms: inout [Arm], group: CaseGroup) {
    for index in arms.indices {
      let baseline = group.baselines[arms[index].measuredCase].flatMap { base in
        arms.first { $0.measuredCase == base && !$0.hasFailed }
      }
      arms[index].conclude(baseline: baseline, witness: workbench.flushWitness)
    }
  }
}
