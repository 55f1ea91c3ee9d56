// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Model

/// A pass in processes: one for all that runs on one CPU, and for each number of threads another one, which is started
/// for the visit of a group and ended after it.
///
/// Why: the kernel treats an address space differently once it has run on several CPUs. With INVLPGB an address space
/// that is active on more than three CPUs gets a global ASID and keeps it, and from then on each of its flushes is
/// broadcast. Blocks that were measured before and after would differ in one process.
public final class PassProcesses: PassMeasurer {
  private let make: () -> any PassMeasurer
  private let oneThread: any PassMeasurer
  /// The processes of this visit, by the threads of their cases.
  private var severalThreads: [Int: any PassMeasurer] = [:]
  /// The one that measured last: it may hold CPUs.
  private var last: (any PassMeasurer)?

  /// - Parameter make: a measurer that carries out what it is asked for in a process of its own.
  public init(_ make: @escaping () -> any PassMeasurer) {
    self.make = make
    oneThread = make()
  }

  public func beginPass(_ cases: [Case]) throws(Refusal) {
    endSeveralThreads()
    try oneThread.beginPass(cases.filter { $0.threads == 1 })
  }

  public func measureRound(
    _ operation: OperationReference, _ cases: [Case], countsInterrupts: Bool
  ) throws(Refusal) -> RoundOutcome {
    var outcome: RoundOutcome?
    for part in Self.parts(cases) {
      let measurer = try measurer(part[0].threads, of: cases)
      if let last, last !== measurer { try last.standAside() }
      last = measurer
      let own = try measurer.measureRound(operation, part, countsInterrupts: countsInterrupts)
      outcome = outcome.map { $0.followed(by: own) } ?? own
      // A signal ended it.
      if own.readings.count < part.count { break }
    }
    return outcome ?? RoundOutcome(probes: Probes(), readings: [])
  }

  public func standAside() throws(Refusal) { try last?.standAside() }

  public func endVisit() throws(Refusal) {
    endSeveralThreads()
    try oneThread.endVisit()
  }

  public func endPass() {
    endSeveralThreads()
    oneThread.endPass()
  }

  private func measurer(_ threads: Int, of cases: [Case]) throws(Refusal) -> any PassMeasurer {
    guard threads > 1 else { return oneThread }
    if let known = severalThreads[threads] { return known }
    let new = make()
    severalThreads[threads] = new
    try new.beginPass(cases.filter { $0.threads == threads })
    return new
  }

  private func endSeveralThreads() {
    for (_, measurer) in severalThreads.sorted(by: { $0.key < $1.key }) { measurer.endPass() }
    severalThreads = [:]
    last = nil
  }

  /// Neighbours of as many threads, in the order of the round.
  private static func parts(_ cases: [Case]) -> [[Case]] {
    var parts: [[Case]] = []
    for measured in cases {
      if let before = parts.last?.last, before.threads == measured.threads {
        parts[parts.count - 1].append(measured)
      } else {
        parts.append([measured])
      }
    }
    return parts
  }
}

extension RoundOutcome {
  /// The same with what followed in the round. Its probes are those at its start.
  fileprivate func followed(by next: RoundOutcome) -> RoundOutcome {
    RoundOutcome(
      probes: probes, readings: readings + next.readings,
      interruptSeconds: interruptSeconds + next.interruptSeconds, refusal: refusal ?? next.refusal)
  }
}
