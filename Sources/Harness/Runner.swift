// SPDX-License-Identifier: Apache-2.0
import Analysis
import CKernel
import GuestMemory
import Model
import Statistics

/// Carries a plan out, in passes: each visits every group once, in an order of its own, so that what drifts over the
/// run meets all of them. A pass's time is divided among the groups by what their rounds cost and what they still need.
public struct Runner {
  /// Rounds of a visit that count, at the least; one that does not goes before them.
  private static let leastRounds = 1
  /// Where the clock tells nothing of a deadline.
  private static let countedRounds = 3
  /// Share of a fault that timing each page may add without a word.
  private static let mostOverhead = 0.02
  /// Seconds between two publications: all rows are made anew for each.
  private static let publishingInterval = 5.0

  private var plan: Plan
  private let context: MeasuringContext
  private let measurer: any PassMeasurer
  private let identify: (OperationSpec, Case, MeasuringContext) throws(Refusal) -> ArmIdentity
  private let timingOverhead: (MeasuringContext) throws(Refusal) -> TimingOverhead?
  private let sink: any RunSink
  private let observer: (any RunObserver)?
  private let start = ckernel_clock_monotonic()
  private var groups: [GroupRun] = []
  /// What the machine was like, over the blocks recorded.
  private var machine = MachineState()
  private var pass = 0
  /// What reading /proc/interrupts has taken so far.
  private var interruptSeconds = 0.0
  private var publishedAt = 0.0
  public private(set) var report: RunReport

  /// - Parameters:
  ///   - measurer: measures the blocks.
  ///   - identify: proves what an arm is, or refuses it, before any block of it.
  ///   - timingOverhead: measures what timing itself adds, after the blocks; nil where that is not told.
  public init(
    plan: Plan, context run: RunContext, on context: MeasuringContext, measurer: any PassMeasurer,
    sink: any RunSink, observer: (any RunObserver)? = nil,
    timingOverhead: @escaping (MeasuringContext) throws(Refusal) -> TimingOverhead? = { _ in nil },
    identify: @escaping (OperationSpec, Case, MeasuringContext) throws(Refusal) -> ArmIdentity
  ) {
    self.plan = plan
    self.context = context
    self.timingOverhead = timingOverhead
    self.measurer = measurer
    self.sink = sink
    self.observer = observer
    self.identify = identify
    report = RunReport(context: run)
    report.warnings = plan.leftOut
    groups = plan.groups.map { groupRun($0) }
  }

  /// True once a signal asked the run to stop.
  public static var isInterrupted: Bool { ckernel_signals_pending() != 0 }

  public mutating func warn(_ finding: Finding) { report.warnings.append(finding) }

  /// Measures everything. What was measured stays in `report` whatever happens.
  public mutating func run() throws(SinkFailure) {
    try publish()
    for index in groups.indices where !Self.isInterrupted { prove(index) }
    var failure: SinkFailure?
    do throws(SinkFailure) { try measure() } catch { failure = error }
    let isCutShort = failure != nil || Self.isInterrupted
    for index in groups.indices {
      groups[index].settle(
        isCutShort: isCutShort, witness: context.flushWitness(of:), precision: plan.precision,
        state: machine.center)
    }
    report.summaries = groups.flatMap { $0.arms.map(\.summary) }
    report.state = machine.center
    report.isComplete = !isCutShort
    if !isCutShort { adviseOnPrecision() }
    report.warnings += diagnose()
    if failure == nil { measureTiming() }
    report.elapsed = elapsed
    do throws(SinkFailure) { try sink.publish(report) } catch { throw failure ?? error }
    if let failure { throw failure }
  }

  /// Measures what timing itself adds. That it cannot be told takes nothing from what was measured.
  private mutating func measureTiming() {
    do throws(Refusal) { report.timingOverhead = try timingOverhead(context) } catch {
      warn(Finding(.warning, "what timing adds was not measured: \(error)"))
    }
    if let overhead = report.timingOverhead, overhead.relativeLow > Self.mostOverhead {
      warn(
        Finding(
          .warning,
          "timing each page adds \(Int((100 * overhead.relative).rounded())) % to a \(overhead.backing) fault: reading the "
            + "clock takes long here, or waits for the fault's last stores",
          remedy:
            "compare ratios and shifts, which it leaves alone; fault-in populate and end-to-end time whole calls"
        ))
    }
  }

  public var elapsed: Double { Double(ckernel_clock_monotonic() - start) / 1e9 }

  private var secondsLeft: Double { plan.budget - elapsed }

  /// Whether another visit may begin. A clock that counts instructions tells nothing of that: there rounds are counted.
  private var hasTimeLeft: Bool { context.clock.countsInstructions || secondsLeft > 0 }

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
    var stopping = StoppingRule(precision: plan.precision)
    while pass < plan.passes, hasTimeLeft, !Self.isInterrupted {
      pass += 1
      do throws(Refusal) {
        try measurer.beginPass(groups.flatMap(\.arms).filter { !$0.hasFailed }.map(\.measuredCase))
      } catch {
        warn(Finding(.warning, "pass \(pass) could not begin: \(error.reason)", remedy: error.remedy))
        continue
      }
      defer { measurer.endPass() }
      if pass == 1 { try calibrate() }
      do throws(PassFailure) {
        try measurePass()
      } catch {
        switch error {
        case .sink(let failure): throw failure
        case .measurer(let refusal):
          if Self.isInterrupted { return }
          warn(
            Finding(
              .warning, "pass \(pass) ended early: \(refusal.reason); its blocks until then count",
              remedy: refusal.remedy))
        }
      }
      guard StoppingRule.isLook(afterPasses: pass) else { continue }
      let widest = groups.filter(\.isAlive).map(\.relativeHalfWidth).max() ?? 0
      if stopping.shouldStop(relativeHalfWidth: widest) { return }
    }
  }

  private enum PassFailure: Error {
    /// A place for results refused them: the run ends.
    case sink(SinkFailure)
    /// The pass cannot go on: the next one may.
    case measurer(Refusal)
  }

  private func asked<Value>(_ body: () throws(Refusal) -> Value) throws(PassFailure) -> Value {
    do throws(Refusal) { return try body() } catch { throw .measurer(error) }
  }

  /// Visits every group once.
  private mutating func measurePass() throws(PassFailure) {
    let end = elapsed + secondsLeft / Double(plan.passes - pass + 1)
    var generator = generator(groups.count, round: 0)
    let order = groups.indices.filter { groups[$0].isAlive }.shuffled(using: &generator)
    for (done, index) in order.enumerated() where hasTimeLeft && !Self.isInterrupted {
      let shares = order[done...].map { groups[$0].visitShare(leastRounds: Self.leastRounds) }
      let share = VisitShare.seconds(of: shares, first: end - elapsed)
      try visit(index, until: elapsed + share)
    }
    for index in groups.indices { groups[index].conclude(context.flushWitness(of:), state: machine.center) }
  }

  /// Measures rounds of one group until its time is over.
  private mutating func visit(_ index: Int, until deadline: Double) throws(PassFailure) {
    try measureRound(index, isWarmUp: true)
    var rounds = 0
    while groups[index].isAlive, !Self.isInterrupted, hasTime(index, until: deadline, rounds: rounds) {
      try measureRound(index, isWarmUp: false)
      rounds += 1
      showProgress(index)
    }
    try asked { () throws(Refusal) in try measurer.endVisit() }
    guard elapsed - publishedAt > Self.publishingInterval else { return }
    groups[index].conclude(context.flushWitness(of:), state: machine.center)
    do throws(SinkFailure) { try publish() } catch { throw .sink(error) }
  }

  /// Whether another round fits. A clock that counts instructions jumps while all CPUs idle, so that a deadline may pass
  /// in a moment.
  private func hasTime(_ index: Int, until deadline: Double, rounds: Int) -> Bool {
    if context.clock.countsInstructions { return rounds < Self.countedRounds }
    if rounds < Self.leastRounds { return secondsLeft > 0 }
    if rounds >= groups[index].mostRounds(least: Self.leastRounds) { return false }
    return elapsed + groups[index].secondsPerRound < min(deadline, plan.budget)
  }

  private func showProgress(_ index: Int) {
    let group = groups[index].group
    observer?.progressed(
      RunProgress(
        benchmark: group.spec.benchmark, operation: group.spec.name, others: group.cases[0].others,
        pass: pass, passes: plan.passes, secondsLeft: secondsLeft))
  }

  /// Chooses the pages of a block: where the first rounds of every case would not fit the budget, as one block of each
  /// tells, blocks are halved until they do. By halves only, and nothing finer is sought, because pages are part of a
  /// case's key and series should go on. Blocks of the smallest size tell which part of a block's time does not depend
  /// on its pages. None of these blocks is a result.
  private mutating func calibrate() throws(SinkFailure) {
    guard let smallest = plan.smallestPages, !context.clock.countsInstructions else { return }
    let large = measureOnce(groups.map { $0.arms.filter { !$0.hasFailed }.map(\.measuredCase) })
    guard !large.isEmpty, !Self.isInterrupted else { return }
    for (index, seconds) in large.enumerated() { groups[index].assume(secondsPerRound: seconds) }
    let scale = Double(groups.count) / Double(large.count)
    let round = large.reduce(0, +) * scale
    let before = report.context.pages
    let blocks = Double(FirstRounds.blocks(passes: plan.passes))
    guard round * blocks > secondsLeft else { return }
    // Smaller cases are other cases: what they are, and whether they are here, is proved of them.
    let small = measureOnce(
      plan.resized(pages: smallest).groups.prefix(large.count).map { group in
        let cases = group.cases.filter { !prove($0, of: group.spec).hasFailed }
        context.endGroup()
        return cases
      })
    guard !small.isEmpty, !Self.isInterrupted else { return }
    // Time may have allowed fewer groups than before.
    let share = small.reduce(0, +) / large.prefix(small.count).reduce(0, +)
    let first = FirstRounds(
      large: round * blocks, small: share * round * blocks, pages: before, within: secondsLeft,
      smallest: smallest)
    if let finding = first.finding(budget: secondsLeft) { warn(finding) }
    let pages = first.pages
    let resized = plan.resized(pages: pages)
    // Blocks that need their size keep it.
    guard pages < before, resized.groups.map(\.cases) != plan.groups.map(\.cases) else { return }
    plan = resized
    groups = plan.groups.map(groupRun)
    // Other cases are other arms: what each is, and whether it is here, is proved of these.
    for index in groups.indices where !Self.isInterrupted { prove(index) }
    report.context.pages = pages
    warn(
      Finding(
        .note,
        "a round of every case takes about \(Int(round.rounded(.up))) s: blocks have \(pages) pages instead of \(before)",
        remedy: "a longer --budget, or --size to have them as large as you like"))
    try publish()
  }

  /// One block of each case, of as many groups as an eighth of the time left takes.
  ///
  /// - Returns: what each of these groups took, in seconds.
  private func measureOnce(_ cases: [[Case]]) -> [Double] {
    let begin = elapsed
    let most = secondsLeft / 8
    var seconds: [Double] = []
    for (run, cases) in zip(groups, cases) where elapsed - begin < most && !Self.isInterrupted {
      let begin = elapsed
      // What fails here fails again where it is recorded.
      _ = try? measurer.measureRound(run.group.spec.reference, cases, countsInterrupts: false)
      try? measurer.endVisit()
      seconds.append(elapsed - begin)
    }
    return seconds
  }

  private func diagnose() -> [Finding] {
    Diagnosis.findings(
      groups.flatMap { run in
        run.arms.map { ($0.measuredCase, $0.series) }
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
        .note,
        "\(missed) rows did not reach ±\(asked) %; the reason column tells how many blocks would, unless they are over 20 times as many",
        remedy: budgetText + "a quieter machine, or a wider --precision"))
  }

  private func groupRun(_ group: CaseGroup) -> GroupRun {
    GroupRun(
      group, arms: group.cases.map { arm($0, of: group.spec, ArmIdentity()) }, precision: plan.precision)
  }

  private mutating func prove(_ index: Int) {
    let group = groups[index].group
    groups[index].arms = group.cases.map { prove($0, of: group.spec) }
    // The VM that the proofs made is not to live beside those of the blocks; who needs one makes it again.
    context.endGroup()
  }

  private func arm(_ measuredCase: Case, of spec: OperationSpec, _ identity: ArmIdentity) -> Arm {
    Arm(
      measuredCase, spec: spec, identity: identity,
      unit: context.clock.countsInstructions ? .instructions : spec.unit, pageBytes: context.pageBytes)
  }

  private func prove(_ measuredCase: Case, of spec: OperationSpec) -> Arm {
    do throws(Refusal) {
      try context.moveToNode(of: measuredCase)
      let identity = try identify(spec, measuredCase, context)
      return arm(measuredCase, of: spec, identity)
    } catch {
      var arm = self.arm(measuredCase, of: spec, ArmIdentity())
      arm.fail(error)
      return arm
    }
  }

  private mutating func measureRound(_ index: Int, isWarmUp: Bool) throws(PassFailure) {
    let begin = elapsed
    let group = groups[index]
    var generator = generator(index, round: isWarmUp ? 0 : group.rounds + 1)
    let order = together(
      group.arms.indices.filter { !group.arms[$0].hasFailed }.shuffled(using: &generator), index)
    let cases = order.map { group.arms[$0].measuredCase }
    let outcome = try asked { () throws(Refusal) in
      try measurer.measureRound(
        group.group.spec.reference, cases,
        countsInterrupts: group.interrupts.counts(
          isWarmUp: isWarmUp, spent: interruptSeconds, elapsed: elapsed))
    }
    interruptSeconds += outcome.interruptSeconds
    if let refusal = outcome.refusal { warnOfState(refusal) }
    let place = BlockPlace(
      round: isWarmUp ? 0 : group.rounds + 1, pass: pass, probes: outcome.probes)
    for (position, (arm, result)) in zip(order, outcome.readings).enumerated() {
      switch result {
      case .failure(let refusal): groups[index].arms[arm].fail(refusal)
      case .success(let reading):
        let block = groups[index].arms[arm].block(
          reading, at: place, position: position, since: start,
          witness: context.flushWitness(of: cases[position]))
        do throws(SinkFailure) { try sink.record(block) } catch { throw .sink(error) }
        machine.add(outcome.probes)
        groups[index].arms[arm].add(block)
      }
    }
    // A round that a signal ended pairs nothing.
    groups[index].finishedRound(
      isWarmUp: isWarmUp, seconds: elapsed - begin,
      interruptSeconds: context.clock.countsInstructions ? nil : outcome.interruptSeconds)
  }

  /// Of its own for each round, so that an order does not depend on how many rounds there was time for.
  private func generator(_ group: Int, round: Int) -> SeededGenerator {
    var seed = plan.seed
    for part in [pass, group, round] { seed = (seed ^ UInt64(part)) &* 0x9E37_79B9_7F4A_7C15 }
    return SeededGenerator(seed: seed)
  }

  private mutating func warnOfState(_ refusal: Refusal) {
    let finding = Finding(
      .warning,
      "blocks find what the ones before left, although their rows say state=cold: \(refusal.reason)",
      remedy: refusal.remedy)
    if !report.warnings.contains(finding) { warn(finding) }
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
}
