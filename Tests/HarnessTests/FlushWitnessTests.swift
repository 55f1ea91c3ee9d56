// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Harness
@testable import Model

/// What a row may say of flushes, from the interrupts of recorded blocks.
@Suite("what the held CPUs saw of flushes")
struct FlushWitnessTests {
  private static let pages = 100

  private static func witness(_ mechanism: String?) -> FlushWitness {
    FlushWitness(CPURoles(measuring: 3, held: CPUSet([0, 1]), online: CPUSet(0..<4)), mechanism: mechanism)
  }

  private func arm(
    _ backing: Backing, others: OthersState = .spin, calls: [Int64], shootdowns: [Int64] = [0, 0, 0, 0],
    faultsPagesIn: Bool = true
  ) -> Arm {
    let measured = Case("b", "o", backing, pages: Self.pages).with { $0.others = others }
    let spec = OperationSpec(
      benchmark: "b", name: "o", summary: "", method: "", backings: [backing], faultsPagesIn: faultsPagesIn)
    var arm = Arm(measured, spec: spec, identity: ArmIdentity(), unit: .nanoseconds, pageBytes: 4096)
    for round in 1...10 {
      var reading = BlockReading(samples: [], counters: .none, placement: .unknown)
      reading.samples = [1]
      reading.counters = Counters(calInterrupts: calls, tlbInterrupts: shootdowns)
      arm.add(
        arm.block(
          reading, at: BlockPlace(round: round), position: 0, since: 0, witness: Self.witness("IPI")))
    }
    return arm
  }

  /// CPU 3 measures, 0 and 1 are held, 2 is left alone.
  private func flush(_ arm: Arm, baseline: Arm? = nil, mechanism: String? = "IPI") -> FlushState? {
    var arm = arm
    arm.conclude(baseline: baseline, witness: Self.witness(mechanism), state: [])
    return arm.summary.flush
  }

  @Test func oneInterruptAPageOfEachHeldCPUIsOn() {
    #expect(flush(arm(.memfdSecret, calls: [100, 100, 3, 0])) == .on)
    #expect(flush(arm(.memfdSecret, calls: [110, 104, 0, 9], shootdowns: [10, 4, 0, 9])) == .on)
  }

  @Test func noneIsOffOnlyWhereFlushesInterrupt() {
    let quiet = arm(.guestMemfdNoDirectMap, calls: [0, 0, 0, 7])
    #expect(flush(quiet) == .off)
    for mechanism in ["INVLPGB", "TLBI", nil] { #expect(flush(quiet, mechanism: mechanism) == .unknown) }
  }

  @Test func aFlushForManyPagesIsNeitherOnNorOff() {
    #expect(flush(arm(.guestMemfdNoDirectMap, calls: [1, 1, 1, 0])) == .unknown)
  }

  @Test func interruptsThatTheBaselineHasTooTellNothing() {
    let busy = arm(.memfd, calls: [95, 95, 0, 0])
    #expect(flush(arm(.memfdSecret, calls: [100, 100, 0, 0]), baseline: busy) == .unknown)
    #expect(
      flush(arm(.memfdSecret, calls: [100, 100, 0, 0]), baseline: arm(.memfd, calls: [1, 0, 0, 0])) == .on)
  }

  @Test func idleCPUsAreNoWitnessesAndWhatTakesNoPageInSaysNothing() {
    #expect(flush(arm(.memfdSecret, others: .idle, calls: [100, 100, 0, 0])) == .unknown)
    #expect(flush(arm(.memfdSecret, calls: [0, 0, 0, 0], faultsPagesIn: false)) == nil)
    #expect(flush(arm(.memfd, calls: [100, 100, 0, 0])) == nil)
  }

  private func mechanism(
    _ calls: [Int64]?, _ feature: String?, _ backing: Backing = .memfdSecret, busy: Int = 2
  ) -> FlushMechanism? {
    let measured = Case("b", "o", backing, pages: Self.pages).with { $0.busy = BusyCPUs(busy, .syscall) }
    let counters = Counters(calInterrupts: calls, tlbInterrupts: calls?.map { _ in 0 })
    return Self.witness(feature).mechanism(by: counters, blocks: 1, of: measured)
  }

  @Test func theMechanismIsWhatTheCountersShowOrTheCPUHasInstead() {
    #expect(mechanism([100, 100, 0, 0], "IPI") == .ipi)
    // Interrupts outweigh what the CPU could do.
    #expect(mechanism([100, 100, 0, 0], "INVLPGB") == .ipi)
    #expect(mechanism([0, 0, 9, 0], "INVLPGB") == .invlpgb)
    #expect(mechanism([0, 0, 0, 0], "TLBI") == .tlbi)
  }

  @Test func aMechanismThatCannotBeToldIsUnknown() {
    #expect(mechanism([0, 0, 0, 0], "IPI") == .unknown)
    #expect(mechanism([0, 0, 0, 0], nil) == .unknown)
    #expect(mechanism(nil, "INVLPGB") == .unknown)
    #expect(mechanism([50, 50, 0, 0], "INVLPGB") == .unknown)
    #expect(mechanism([100, 100, 0, 0], "IPI", .memfd) == nil)
    // Idle CPUs show a flush by interrupt, but not that there was none.
    #expect(mechanism([100, 100, 100, 0], "IPI", busy: 0) == .ipi)
    #expect(mechanism([0, 0, 0, 0], "INVLPGB", busy: 0) == .unknown)
  }
}
