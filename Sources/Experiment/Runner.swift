// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Machine
import Statistics

/// Carries a plan out. Every group gets a few rounds of one block per arm, in seeded random order; the time left is
/// then divided among the groups by what they still need, until each is precise or the budget ends.
public struct Runner {
  /// Rounds that are worth a visit: each begins with one that does not count.
  private static let leastVisit = StoppingRule.roundsBetweenLooks
  /// Deferred frees of the last block (RCU, per-CPU lists) are done by then.
  private static let restMicroseconds: UInt64 = 500
  /// Seconds between two publications: all rows are made anew for each.
  private static let publishingInterval = 5.0

  private var plan: Plan
  private let workbench: Workbench
  private let identify: (OperationSpec, Case, Workbench) throws(Refusal) -> ArmIdentity
  private let sink: any RunSink
  private let observer: (any RunObserver)?
  private let start = ckernel_clock_monotonic()
  private var generator: SeededGenerator
  private var groups: [GroupRun] = []
  /// The group measured last, whose code and tables are warm.
  private var warmGroup: Int?
  private var publishedAt = 0.0
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
    report.warnings = plan.leftOut
    groups = plan.groups.map { groupRun($0) }
  }

  /// True once a signal asked the run to stop.
  public static var isInterrupted: Bool { ckernel_signals_pending() != 0 }

  public mutating func warn(_ finding: Finding) { report.warnings.append(finding) }

  /// Measures everything. What was measured stays in `report` whatever happens.
  public mutating func run() throws(SinkFailure) {
    try publish()
    try calibrate()
    var failure: SinkFailure?
    do throws(SinkFailure) { try measure() } catch { failure = error }
    let isCutShort = failure != nil || Self.isInterrupted
    for index in groups.indices {
      groups[index].settle(
        isCutShort: isCutShort, witness: workbench.flushWitness(of:), precision: plan.precision)
    }
    report.summaries = groups.flatMap { $0.arms.map(\.summary) }
    report.isComplete = !isCutShort
    if !isCutShort { adviseOnPrecision() }
    report.warnings += diagnose()
    report.elapsed = elapsed
    do throws(SinkFailure) { try sink.publish(report) } catch { throw failure ?? error }
    if let failure { throw failure }
  }

  /// Adds what timing itself adds, once it is known.
  public mutating func conclude(_ overhead: TimingOverhead?) throws(SinkFailure) {
    report.timingOverhead = overhead
    report.elapsed = elapsed
    try sink.publish(report)
  }

  public var elapsed: Double { Double(ckernel_clock_monotonic() - start) / 1e9 }

  private var secondsLeft: Double { plan.budget - elapsed }

  /// The run so far: every row is partial until the end.
  private mutating func publish() throws(SinkFailure) {
    report.summaries = groups.flatMap { group in
      group.arms.map { arm in
        var arm = arm
        arm.settle(.partial)
        return arm.summary
      }
    }
    report.isComplete = false
    report.elapsed = elapsed
    try sink.publish(report)
    publishedAt = elapsed
  }

  private mutating func measure() throws(SinkFailure) {
    for index in groups.indices where !Self.isInterrupted {
      let share = secondsLeft / Double(groups.count - index)
      try visit(index, seconds: share, rounds: StoppingRule.firstLook)
    }
    while try divide(), !Self.isInterrupted {}
  }

  /// Divides the time left among the groups by what they need. False where there is none left, or no need.
  private mutating func divide() throws(SinkFailure) -> Bool {
    let needs = groups.map(\.secondsNeeded)
    var outstanding = needs.reduce(0, +)
    var hasVisited = false
    for index in groups.indices where needs[index] > 0 && !Self.isInterrupted {
      let share = min(secondsLeft * needs[index] / outstanding, secondsLeft)
      outstanding -= needs[index]
      guard share >= leastSeconds(index) else { continue }
      try visit(index, seconds: share, rounds: .max)
      hasVisited = true
    }
    if hasVisited || Self.isInterrupted { return hasVisited }
    // Too little for a share to each: the neediest of those that it serves.
    let served = groups.indices.filter { needs[$0] > 0 && leastSeconds($0) <= secondsLeft }
    guard let neediest = served.max(by: { needs[$0] < needs[$1] }) else { return false }
    try visit(neediest, seconds: secondsLeft, rounds: .max)
    return true
  }

  private func leastSeconds(_ index: Int) -> Double {
    Double(Self.leastVisit + (warmGroup == index ? 0 : 1)) * groups[index].secondsPerRound
  }

  /// Measures rounds of one group until it is done, or has had its time or its rounds.
  private mutating func visit(_ index: Int, seconds: Double, rounds: Int) throws(SinkFailure) {
    let deadline = elapsed + max(seconds, 0)
    prove(index)
    defer {
      workbench.endGroup()
      groups[index].conclude(workbench.flushWitness(of:))
    }
    let last = rounds == .max ? .max : groups[index].rounds + rounds
    if warmGroup != index, groups[index].isAlive, hasTime(index, until: deadline) {
      try measureRound(index, isWarmUp: true)
    }
    warmGroup = index
    while groups[index].isAlive, !groups[index].isDone, groups[index].rounds < last, !Self.isInterrupted,
      hasTime(index, until: deadline)
    {
      try measureRound(index, isWarmUp: false)
      groups[index].look(workbench.flushWitness(of:))
      showProgress(index)
    }
    if elapsed - publishedAt > Self.publishingInterval { try publish() }
  }

  /// Whether another round fits. A clock that counts instructions jumps while all CPUs idle: its deadline may pass in
  /// a moment, so the first rounds are assured.
  private func hasTime(_ index: Int, until deadline: Double) -> Bool {
    if workbench.clock.countsInstructions, groups[index].rounds < StoppingRule.firstLook { return true }
    return elapsed + groups[index].secondsPerRound < deadline
  }

  private func showProgress(_ index: Int) {
    let group = groups[index].group
    observer?.progressed(
      RunProgress(
        benchmark: group.spec.benchmark, operation: group.spec.name, others: group.cases[0].others,
        group: index + 1, groups: groups.count, rounds: groups[index].rounds, secondsLeft: secondsLeft))
  }

  /// Chooses the pages of a block: where the first rounds of every case would not fit the budget, as one block of each
  /// tells, blocks are halved until they do. By halves only, and nothing finer is sought, because pages are part of a
  /// case's key and series should go on. These blocks are no results.
  private mutating func calibrate() throws(SinkFailure) {
    guard let smallest = plan.smallestPages, !workbench.clock.countsInstructions else { return }
    var spent = 0.0
    var done = 0
    for index in groups.indices where spent < secondsLeft / 4 && !Self.isInterrupted {
      prove(index)
      let begin = elapsed
      for arm in groups[index].arms where !arm.hasFailed {
        workbench.begin()
        // What fails here fails again where it is recorded.
        try? measureBlock(arm.measuredCase, groups[index].group.spec)
        ckernel_rest(Self.restMicroseconds)
      }
      workbench.endGroup()
      spent += elapsed - begin
      done += 1
    }
    guard done > 0, !Self.isInterrupted else { return }
    let round = spent / Double(done) * Double(groups.count)
    let before = report.context.pages
    let first = FirstRounds(
      seconds: round * Double(FirstRounds.blocks), pages: before, within: secondsLeft, smallest: smallest)
    if let finding = first.finding(budget: secondsLeft) { warn(finding) }
    let pages = first.pages
    let resized = plan.resized(pages: pages)
    // Blocks that need their size keep it.
    guard pages < before, resized.groups.map(\.cases) != plan.groups.map(\.cases) else { return }
    plan = resized
    groups = plan.groups.map(groupRun)
    report.context.pages = pages
    warn(
      Finding(
        .note,
        "a round of every case takes about \(Int(round.rounded(.up))) s: blocks have \(pages) pages instead of \(before)",
        remedy: "a longer --budget, or --size to have them as large as you like"))
    try publish()
  }

  private func diagnose() -> [Finding] {
    Diagnosis.findings(
      groups.flatMap { run in
        run.arms.map { ($0.measuredCase, $0.series, run.baseline(of: $0)?.series) }
      })
  }

  /// Says how many rows missed the precision, and what would reach it.
  private mutating func adviseOnPrecision() {
    let missed = report.summaries.count { $0.status == .unstable && $0.blocks > 0 }
    guard missed > 0 else { return }
    let further = groups.reduce(0) { sum, group in
      sum + Double(max((group.roundsNeeded ?? 2 * group.rounds) - group.rounds, 0)) * group.secondsPerRound
    }
    let budget = ((elapsed + 1.2 * further) / 10).rounded(.up) * 10
    let asked = Double((plan.precision * 1000).rounded()) / 10
    let budgetText = budget < 10 * plan.budget ? "--budget \(Int(budget))s by the spread seen, " : ""
    warn(
      Finding(
        .note, "\(missed) rows did not reach ±\(asked) %; the reason column tells how many blocks would",
        remedy: budgetText + "a quieter machine, or a wider --precision"))
  }

  private func groupRun(_ group: CaseGroup) -> GroupRun {
    GroupRun(
      group, arms: group.cases.map { arm($0, of: group.spec, ArmIdentity()) }, precision: plan.precision)
  }

  private mutating func prove(_ index: Int) {
    guard !groups[index].isProved else { return }
    let group = groups[index].group
    groups[index].arms = group.cases.map { prove($0, of: group.spec) }
    groups[index].isProved = true
    // The VM that the proofs made is not to live beside those of the blocks; who needs one makes it again.
    workbench.endGroup()
  }

  private func arm(_ measuredCase: Case, of spec: OperationSpec, _ identity: ArmIdentity) -> Arm {
    Arm(
      measuredCase, spec: spec, identity: identity,
      unit: workbench.clock.countsInstructions ? .instructions : spec.unit, pageBytes: workbench.pageBytes)
  }

  private func prove(_ measuredCase: Case, of spec: OperationSpec) -> Arm {
    do throws(Refusal) {
      try workbench.seat(measuredCase)
      let identity = try identify(spec, measuredCase, workbench)
      return arm(measuredCase, of: spec, identity)
    } catch {
      var arm = self.arm(measuredCase, of: spec, ArmIdentity())
      arm.fail(error)
      return arm
    }
  }

  private mutating func measureRound(_ index: Int, isWarmUp: Bool) throws(SinkFailure) {
    let begin = elapsed
    let spec = groups[index].group.spec
    let order = groups[index].arms.indices.filter { !groups[index].arms[$0].hasFailed }
      .shuffled(using: &generator)
    for (position, place) in together(order, index).enumerated() {
      if Self.isInterrupted { return }
      let measuredCase = groups[index].arms[place].measuredCase
      workbench.begin()
      do throws(Refusal) {
        try measureBlock(measuredCase, spec)
      } catch {
        // A signal that came during the block ended it, not the arm.
        if Self.isInterrupted { return }
        groups[index].arms[place].fail(error)
        continue
      }
      let block = groups[index].arms[place].block(
        workbench.reading, round: isWarmUp ? 0 : groups[index].rounds + 1, position: position,
        witness: workbench.flushWitness(of: measuredCase))
      try sink.record(block)
      groups[index].arms[place].add(block)
      ckernel_rest(Self.restMicroseconds)
    }
    groups[index].finishedRound(isWarmUp: isWarmUp, seconds: elapsed - begin)
  }

  /// The arms of a round in their random order, but those with as many CPUs online side by side: taking CPUs offline
  /// is slow, and stirs the machine.
  private func together(_ order: [Int], _ index: Int) -> [Int] {
    let arms = groups[index].arms
    var counts: [Int?] = []
    for place in order where !counts.contains(arms[place].measuredCase.online) {
      counts.append(arms[place].measuredCase.online)
    }
    return counts.flatMap { count in order.filter { arms[$0].measuredCase.online == count } }
  }

  /// One block, with the machine in the state that the case names.
  private func measureBlock(_ measuredCase: Case, _ spec: OperationSpec) throws(Refusal) {
    try workbench.arrange(measuredCase)
    guard let flush = measuredCase.flush else { return try spec.measure(measuredCase, workbench) }
    // Put back after every block, not after the run: what else happens on this machine shall not go unflushed.
    let held = try FlushSwitch.holding(flush == .on, at: workbench.flushSwitch)
    try spec.measure(measuredCase, workbench)
    try held.restore()
  }
}
