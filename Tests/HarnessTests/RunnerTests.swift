// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Helpers
import HostChanges
import Machine
import Model
import Testing

/// Keeps what a run says, and refuses when told to.
final class RecordingSink: RunSink {
  var blocks: [Block] = []
  var reports: [RunReport] = []
  var refusesAfter = Int.max

  func record(_ block: Block) throws(SinkFailure) {
    guard blocks.count < refusesAfter else { throw SinkFailure("full") }
    blocks.append(block)
  }

  func publish(_ report: RunReport) throws(SinkFailure) { reports.append(report) }
}

/// A run of made-up operations on this machine.
struct MadeUpRun {
  static let pages = 8

  static func measured(
    _ backing: Backing, operation: String = "call", flush: FlushSetting? = nil, replica: Int? = nil
  ) -> Case {
    Case("made-up", operation, backing, pages: pages).with { ($0.flush, $0.replica) = (flush, replica) }
  }

  static func spec(
    _ measure: @escaping MeasuredOperation.Measure
  ) -> MeasuredOperation {
    MeasuredOperation(
      OperationSpec(
        benchmark: "made-up", name: "call", summary: "", method: "made up", backings: Backing.allCases),
      measure: measure)
  }

  /// One call of `ticks` ticks over the case's pages.
  static func call(
    _ context: MeasuringContext, ticks: UInt64, pages: Int = Self.pages
  ) throws(Refusal) -> BlockReading {
    let counted = try context.timed("call") { 0 }
    context.buffers.ticks[0] = ticks + context.clock.callOverheadTicks
    return context.reading(context.callSample(pages: pages), counted, context.assumedPlacement)
  }

  static func run(
    _ operation: MeasuredOperation, arms: [Backing] = [.memfd, .anonymous, .guestMemfd], seed: UInt64 = 1,
    budget: Double = 1, sink: RecordingSink = RecordingSink(), flushSwitch: String? = nil,
    identify: @escaping (OperationSpec, Case, MeasuringContext) throws(Refusal) -> ArmIdentity = { _, _, _ in
      ArmIdentity()
    }
  ) throws -> (report: RunReport, sink: RecordingSink) {
    let cases =
      flushSwitch == nil
      ? arms.map { measured($0) }
      : arms.flatMap { backing in FlushSetting.allCases.map { measured(backing, flush: $0) } }
    let baselines = Dictionary(uniqueKeysWithValues: cases.dropFirst().map { ($0, cases[0]) })
    let plan = Plan(
      name: "made-up", groups: [CaseGroup(spec: operation.spec, cases: cases, baselines: baselines)],
      precision: 0.01,
      budget: budget, seed: seed)
    return try run(plan, [operation], sink: sink, flushSwitch: flushSwitch, identify: identify)
  }

  static func run(
    _ plan: Plan, _ operations: [MeasuredOperation], sink: RecordingSink = RecordingSink(),
    flushSwitch: String? = nil,
    identify: @escaping (OperationSpec, Case, MeasuringContext) throws(Refusal) -> ArmIdentity = { _, _, _ in
      ArmIdentity()
    },
    through wrap: (Pass) -> any PassMeasurer = { PassThatReadsInterrupts($0, seconds: 0) }
  ) throws -> (report: RunReport, sink: RecordingSink) {
    let topology = try Topology.read()
    let clock = MeasuringClock(CKERNEL_CLOCK_MONOTONIC, calibration: 1000) { _ in 0 }
    let measuring = try MeasuringContext(
      clock: clock, topology: topology, kvm: KVMAccess(insisting: nil, acceptsHostRisk: false),
      cpus: CPUAssignment(
        bystanders: BystanderProcesses(planned: CPUSet([])), measuring: topology.allowed.members[0],
        nodeCPUs: [:],
        topology: topology, allowsHotplug: false),
      architecture: "any", broadcastFlush: nil, flushSwitch: flushSwitch ?? FlushSwitch.path, pages: pages,
      pageBytes: 4096, seed: plan.seed)
    let context = RunContext(
      runID: "run", startedAt: "", version: "", fingerprint: Fingerprint.read(topology), planName: plan.name,
      seed: plan.seed, precision: plan.precision, budget: plan.budget, clock: clock.description,
      measuringCPU: 0,
      heldCPUs: CPUSet([]), onlineCPUs: topology.online, pages: pages, pageBytes: 4096)
    let pass = Pass(measuring, ringBytes: 0) { reference in
      operations.first { ($0.spec.name, $0.spec.method) == (reference.name, reference.method) }
    }
    var runner = Runner(
      plan: plan, context: context, on: measuring, measurer: wrap(pass), sink: sink,
      identify: identify)
    try runner.run()
    return (runner.report, sink)
  }
}

/// A pass on a machine where reading /proc/interrupts takes so long.
final class PassThatReadsInterrupts: PassMeasurer {
  private let pass: Pass
  private let seconds: Double
  private(set) var asked: [Bool] = []

  init(_ pass: Pass, seconds: Double) {
    self.pass = pass
    self.seconds = seconds
  }

  func beginPass(_ cases: [Case]) throws(Refusal) { try pass.beginPass(cases) }
  func standAside() throws(Refusal) { try pass.standAside() }
  func endVisit() throws(Refusal) { try pass.endVisit() }
  func endPass() { pass.endPass() }

  func measureRound(
    _ operation: OperationReference, _ cases: [Case], countsInterrupts: Bool
  ) throws(Refusal) -> RoundOutcome {
    asked.append(countsInterrupts)
    var outcome = try pass.measureRound(operation, cases, countsInterrupts: countsInterrupts)
    outcome.interruptSeconds = countsInterrupts ? seconds : 0
    return outcome
  }
}

@Suite("the runner", .serialized)
struct RunnerTests {
  private func ticks(_ backing: Backing) -> UInt64 { backing == .memfd ? 800 : 1600 }

  @Test func pairsArmsWithTheBaselineOfTheirRound() throws {
    let spec = MadeUpRun.spec { measured, context throws(Refusal) in
      try MadeUpRun.call(context, ticks: measured.backing == .memfd ? 800 : 1600)
    }
    let (report, _) = try MadeUpRun.run(spec)
    let arm = try #require(report.summaries.first { $0.measuredCase.backing == .anonymous })
    #expect(arm.status == .ok)
    #expect(arm.baseline?.backing == .memfd)
    #expect(arm.samples.median == 200)
    #expect(arm.effect?.ratio?.value == 2)
    #expect(arm.effect?.shift.value == 100)
    #expect(arm.effect?.isPaired == true)
    #expect(report.summaries.first { $0.measuredCase.backing == .memfd }?.effect == nil)
    #expect(report.isComplete)
  }

  @Test func aSeedGivesTheInterleaving() throws {
    let spec = MadeUpRun.spec { _, context throws(Refusal) in try MadeUpRun.call(context, ticks: 8) }
    /// By pass and round; how many rounds there are is a matter of time.
    func order(_ seed: UInt64) throws -> [[Int]: [String]] {
      Dictionary(grouping: try MadeUpRun.run(spec, seed: seed).sink.blocks) {
        [$0.place.pass ?? 0, $0.round]
      }
      .mapValues { $0.map { "\($0.position) \($0.measuredCase.key)" } }
    }
    let (first, same, other) = (try order(7), try order(7), try order(8))
    let common = Set(first.keys).intersection(same.keys).intersection(other.keys)
    #expect(common.count >= 8)
    #expect(common.allSatisfy { first[$0] == same[$0] })
    #expect(common.contains { first[$0] != other[$0] })
  }

  @Test func aRoundHoldsEveryArmOnceAndTheFirstIsNoResult() throws {
    let spec = MadeUpRun.spec { _, context throws(Refusal) in try MadeUpRun.call(context, ticks: 8) }
    let (report, sink) = try MadeUpRun.run(spec)
    let rounds = Dictionary(grouping: sink.blocks) { [$0.place.pass ?? 0, $0.round] }
    #expect(rounds.values.allSatisfy { Set($0.map(\.measuredCase)).count == 3 && $0.count == 3 })
    let warmUps = rounds.keys.filter { $0[1] == 0 }
    #expect(warmUps.count == Set(sink.blocks.map(\.place.pass)).count)
    #expect(sink.blocks.allSatisfy { ($0.round == 0) == ($0.status == .warmUp) })
    #expect(report.summaries.allSatisfy { $0.blocks == rounds.count - warmUps.count })
  }

  @Test func anArmThatFailsLeavesTheOthers() throws {
    let spec = MadeUpRun.spec { measured, context throws(Refusal) in
      guard measured.backing != .anonymous else { throw Refusal.failed("broken") }
      return try MadeUpRun.call(context, ticks: 8)
    }
    let (report, _) = try MadeUpRun.run(spec)
    let statuses = Dictionary(
      uniqueKeysWithValues: report.summaries.map { ($0.measuredCase.backing, $0.status) })
    #expect(statuses == [.memfd: .ok, .anonymous: .failed, .guestMemfd: .ok])
    #expect(report.summaries.first { $0.status == .failed }?.reason == "broken")
    #expect(report.summaries.first { $0.status == .failed }?.blocks == 0)
  }

  @Test func anArmThatBreaksOffHasNoFigureAndComparesNothing() throws {
    let sink = RecordingSink()
    let spec = MadeUpRun.spec { measured, context throws(Refusal) in
      // Precise values would end the group before the baseline breaks off.
      let ticks = ckernel_clock_monotonic() % 1000 + 8
      let isBroken = measured.backing == .memfd && context.buffers.ticks[1] == 20
      if measured.backing == .memfd { context.buffers.ticks[1] += 1 }
      guard !isBroken else { throw Refusal.failed("broken") }
      return try MadeUpRun.call(context, ticks: ticks)
    }
    let (report, _) = try MadeUpRun.run(spec, arms: [.memfd, .anonymous], budget: 2, sink: sink)
    let broken = try #require(report.summaries.first { $0.measuredCase.backing == .memfd })
    #expect(broken.status == .failed)
    // Of the 20 blocks some warmed a visit up: how many passes there were time for is not ours to say.
    let valid = sink.blocks.count { $0.measuredCase.backing == .memfd && $0.status == .valid }
    #expect(broken.reason == "broken, after \(valid) blocks" && valid > 10)
    #expect(broken.blocks == 0 && broken.samples.count == 0 && broken.medianInterval == nil)
    #expect(sink.blocks.count { $0.measuredCase.backing == .memfd } == 20)
    let other = try #require(report.summaries.first { $0.measuredCase.backing == .anonymous })
    #expect(other.blocks > 0)
    #expect(other.effect == nil && other.baseline == nil)
  }

  @Test func anArmThatIsRefusedIsNeverMeasured() throws {
    let spec = MadeUpRun.spec { _, context throws(Refusal) in try MadeUpRun.call(context, ticks: 8) }
    let (report, sink) = try MadeUpRun.run(spec) { _, measured, _ throws(Refusal) in
      guard measured.backing != .guestMemfd else {
        throw Refusal.unsupported("no such thing", remedy: "get one")
      }
      return ArmIdentity(note: "seen")
    }
    #expect(!sink.blocks.contains { $0.measuredCase.backing == .guestMemfd })
    let refused = try #require(report.summaries.first { $0.measuredCase.backing == .guestMemfd })
    #expect(refused.status == .unsupported)
    #expect(refused.reason == "no such thing (get one)")
    #expect(report.summaries.first { $0.measuredCase.backing == .memfd }?.reason == "seen")
  }

  @Test func invalidBlocksAreCountedAndAreNoResult() throws {
    let spec = MadeUpRun.spec { measured, context throws(Refusal) in
      var reading = try MadeUpRun.call(context, ticks: 8)
      if measured.backing == .anonymous { reading.invalidate("wrong") }
      return reading
    }
    let (report, sink) = try MadeUpRun.run(spec, arms: [.memfd, .anonymous], budget: 0.3)
    let arm = try #require(report.summaries.first { $0.measuredCase.backing == .anonymous })
    #expect(arm.blocks == 0)
    #expect(arm.invalidBlocks > 0)
    #expect(arm.status == .failed)
    #expect(arm.reason == "wrong")
    #expect(sink.blocks.contains { $0.status == .invalid("wrong") })
  }

  @Test func aRowSaysHowManyOfItsBlocksAreNoResult() throws {
    nonisolated(unsafe) var calls = 0
    let spec = MadeUpRun.spec { _, context throws(Refusal) in
      var reading = try MadeUpRun.call(context, ticks: 8)
      calls += 1
      // Block 1 is the first pass's warm-up.
      if calls % 4 == 2 { reading.invalidate("reason \(calls)") }
      return reading
    }
    let (report, sink) = try MadeUpRun.run(spec, arms: [.memfd], budget: 0.3)
    let arm = report.summaries[0]
    let invalid = sink.blocks.count { if case .invalid = $0.status { true } else { false } }
    #expect(invalid > 0 && arm.blocks > 0)
    #expect(
      arm.reason?.hasPrefix(
        "\(invalid) of \(arm.blocks + invalid) blocks gave no result, the first because: reason 2") == true,
      "\(arm.reason ?? "")")
  }

  @Test func aRowSaysWhatItsMethodSaidOfTheBlocks() throws {
    let spec = MadeUpRun.spec { measured, context throws(Refusal) in
      var reading = try MadeUpRun.call(context, ticks: 8)
      #expect(reading.samples == [1])
      let method: MethodDetail.Method = measured.backing == .memfd ? .line(points: 5) : .probes(subtracted: 7)
      reading.samples = [3, 4]
      reading.detail = MethodDetail(method, fault: 1000.4, added: 20.6)
      return reading
    }
    let (report, sink) = try MadeUpRun.run(spec, arms: [.memfd, .anonymous]) { _, measured, _ in
      ArmIdentity(note: measured.backing == .memfd ? "seen" : nil)
    }
    #expect(
      report.summaries.map(\.reason) == [
        "seen; by a line through 5 numbers of online CPUs: a fault is 1000 ns on one CPU alone, and 21 ns more for "
          + "each further one",
        "by probes around the flush: they add 21 ns to a fault of 1000 ns; 7 ns, what they take around an empty call, "
          + "are subtracted",
      ])
    #expect(report.summaries[0].samples.count == 2 * UInt64(report.summaries[0].blocks))
    #expect(sink.blocks.allSatisfy { $0.detail?.fault == 1000.4 })
  }

  @Test func aBudgetTooSmallIsSaid() throws {
    let spec = MadeUpRun.spec { _, context throws(Refusal) in try MadeUpRun.call(context, ticks: 8) }
    let (report, _) = try MadeUpRun.run(spec, budget: 1e-9)
    #expect(report.summaries.allSatisfy { $0.status == .unstable && $0.blocks == 0 })
    #expect(report.summaries.allSatisfy { $0.reason?.contains("budget") == true })
  }

  @Test func aFullDiskEndsTheRunAndKeepsWhatWasMeasured() throws {
    let spec = MadeUpRun.spec { _, context throws(Refusal) in try MadeUpRun.call(context, ticks: 8) }
    let sink = RecordingSink()
    sink.refusesAfter = 5
    #expect(throws: SinkFailure.self) { try MadeUpRun.run(spec, sink: sink) }
    #expect(sink.blocks.count == 5)
    let last = try #require(sink.reports.last)
    #expect(!last.isComplete)
    #expect(last.summaries.allSatisfy { $0.status == .partial })
    // Three arms: five blocks are the warm-up round and two that count.
    #expect(last.summaries.reduce(0) { $0 + $1.blocks } == 2)
  }
}
