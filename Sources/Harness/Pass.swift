// SPDX-License-Identifier: Apache-2.0
import CKernel
import Helpers
import HostChanges
import Model

/// What one round came to: a reading or a refusal for each case, in the order asked for; fewer where a signal ended it.
public struct RoundOutcome: Sendable {
  public var probes: Probes
  public var readings: [Result<BlockReading, Refusal>]
  /// Seconds that reading /proc/interrupts took.
  public var interruptSeconds: Double
  /// Why blocks no longer find the state that their cases name.
  public var refusal: Refusal?

  public init(
    probes: Probes, readings: [Result<BlockReading, Refusal>], interruptSeconds: Double = 0,
    refusal: Refusal? = nil
  ) {
    self.interruptSeconds = interruptSeconds
    self.probes = probes
    self.readings = readings
    self.refusal = refusal
  }
}

/// Carries out the blocks that a run asks for, in passes: here, or in a process of its own for each pass.
public protocol PassMeasurer: AnyObject {
  /// Begins a pass: nothing of the one before is left.
  ///
  /// - Parameter cases: what it will measure.
  func beginPass(_ cases: [Case]) throws(Refusal)
  /// One block of each case, in this order.
  ///
  /// - Parameter countsInterrupts: whether /proc/interrupts is read around each.
  func measureRound(
    _ operation: OperationReference, _ cases: [Case], countsInterrupts: Bool
  ) throws(Refusal) -> RoundOutcome
  /// Another process measures next: every CPU is left to it.
  func standAside() throws(Refusal)
  /// Lets go what the visit of a group shares: its VM, its probes, the CPUs that it took offline.
  func endVisit() throws(Refusal)
  func endPass()
}

/// One pass in this process: every block in the state that its case names.
public final class Pass: PassMeasurer {
  /// Deferred frees of the last block (RCU, per-CPU lists) are done by then.
  private static let restMicroseconds: UInt64 = 500

  private let context: MeasuringContext
  private let ringBytes: Int?
  private let operation: (OperationReference) -> MeasuredOperation?
  private var frames: FrameRotation?
  private var probes: ProbeReader?

  /// - Parameters:
  ///   - ringBytes: as of ``FrameRotation``; nil for what the machine's caches ask for.
  ///   - operation: what a reference names; nil where it names nothing.
  public init(
    _ context: MeasuringContext, ringBytes: Int? = nil,
    operation: @escaping (OperationReference) -> MeasuredOperation?
  ) {
    self.context = context
    self.operation = operation
    self.ringBytes = ringBytes
    probes = nil
  }

  public func beginPass(_ cases: [Case]) throws(Refusal) {
    if let first = cases.first { try context.moveToNode(of: first) }
    let frames = FrameRotation(context, ringBytes: ringBytes)
    for measured in cases { frames.prepare(for: measured) }
    self.frames = frames
    probes = context.clock.countsInstructions ? nil : try ProbeReader(pageBytes: context.pageBytes)
  }

  public func endPass() {
    try? context.cpus.bystanders.release()
    frames = nil
    probes = nil
  }

  public func standAside() throws(Refusal) { try context.cpus.bystanders.release() }

  public func endVisit() throws(Refusal) { context.endGroup() }

  public func measureRound(
    _ reference: OperationReference, _ cases: [Case], countsInterrupts: Bool
  ) throws(Refusal) -> RoundOutcome {
    guard let operation = operation(reference) else {
      throw .failed("\(reference.benchmark) \(reference.name) is no operation")
    }
    context.timed.countsInterrupts = countsInterrupts
    let before = context.timed.interruptNanoseconds
    var outcome = RoundOutcome(probes: try readProbes(cases.first), readings: [])
    for measured in cases where !Runner.isInterrupted {
      var result = Result { () throws(Refusal) in try block(measured, operation) }
      // A signal that came during the block ended it, not the arm.
      if case .failure = result, Runner.isInterrupted { break }
      // One that has ended costs the pass: the next one starts others.
      let reason = try context.cpus.bystanders.look()
      result = result.map { reading in
        var reading = reading
        reading.invalidate(reason)
        return reading
      }
      outcome.readings.append(result)
    }
    outcome.interruptSeconds = Double(context.timed.interruptNanoseconds - before) / 1e9
    outcome.refusal = cases.lazy.compactMap { self.frames?.refusal(for: $0) }.first
    return outcome
  }

  /// The held CPUs spin meanwhile, whatever the case has them do: one that sleeps takes no interrupt.
  private func readProbes(_ measured: Case?) throws(Refusal) -> Probes {
    guard probes != nil, let measured else { return Probes() }
    try context.moveToNode(of: measured)
    let held = context.cpus.heldOnline
    try context.cpus.bystanders.hold(held, .spin)
    let before = context.cpus.bystanders.gaps
    var read = probes?.read(context.clock, hasWitness: !held.isEmpty) ?? Probes()
    // An interrupt that no spinning process saw was none: the call came back without waiting for anything. Seen after a
    // process had run a vCPU (PVM): the call took 0.5 µs instead of 9, and adjusted effects were wrong by a factor of four.
    if context.cpus.bystanders.gaps == before { read.interrupt = nil }
    return read
  }

  /// One block, with the machine in the state that the case names: arranged, measured, and held against what its
  /// operation says that it must show.
  private func block(_ measured: Case, _ operation: MeasuredOperation) throws(Refusal) -> BlockReading {
    try context.arrange(measured)
    if measured.state == .warm {
      _ = try measure(measured, operation)
      ckernel_rest(Self.restMicroseconds)
    }
    let takesKeptFrames = frames?.lend(to: measured, besideMachine: operation.spec.runsGuest) ?? false
    context.cpus.bystanders.mark()
    let startedAt = ckernel_clock_monotonic()
    let result = Result { () throws(Refusal) in try measure(measured, operation) }
    ckernel_rest(Self.restMicroseconds)
    frames?.takeBack()
    var reading = try result.get()
    reading.startedAt = startedAt
    reading.takesKeptFrames = takesKeptFrames
    reading.invalidate(
      try operation.spec.expects.shortcoming(of: reading, measured, pageBytes: context.pageBytes))
    return reading
  }

  private func measure(_ measured: Case, _ operation: MeasuredOperation) throws(Refusal) -> BlockReading {
    context.frames.beginBlock()
    guard let flush = measured.flush else { return try operation.measure(measured, context) }
    // Put back after every block, not after the run: what else happens on this machine shall not go unflushed.
    let held = try FlushSwitch.holding(flush == .on, at: context.flushSwitch)
    let reading = try operation.measure(measured, context)
    try held.restore()
    return reading
  }
}
