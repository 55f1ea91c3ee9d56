// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@Suite("what observations of the direct map come to")
struct DirectMapVerdictTests {
  private func observations(
    allocated: Int? = nil, preFaulted: Int? = nil, faulted: Int, unmapped: Int? = nil, punched: Int? = 0,
    closed: Int = 0
  ) -> [DirectMapObservation] {
    [
      allocated.map { DirectMapObservation(.allocated, frames: 64, gone: $0) },
      preFaulted.map { DirectMapObservation(.preFaulted, frames: 32, gone: $0) },
      DirectMapObservation(.faulted, frames: 64, gone: faulted),
      DirectMapObservation(.unmapped, frames: 64, gone: unmapped ?? faulted),
      punched.map { DirectMapObservation(.punched, frames: 32, gone: $0) },
      DirectMapObservation(.closed, frames: 32, gone: closed),
    ].compactMap { $0 }
  }

  private func flag(_ observations: [DirectMapObservation], flushes: Bool? = nil) -> DirectMapVerdict {
    DirectMapVerdict(of: .guestMemfdNoDirectMap, observations, flushes: flushes)
  }

  @Test func version12RemovesAtTheFault() {
    let verdict = flag(observations(allocated: 0, faulted: 64))
    #expect(verdict.removal == .at(.faulted))
    #expect(verdict.cameBack == true)
    #expect(verdict.contradictions.isEmpty && verdict.notes.isEmpty)
  }

  @Test func aLaterPostingRemovesAtFallocate() {
    let verdict = flag(observations(allocated: 64, faulted: 64))
    #expect(verdict.removal == .at(.allocated))
    #expect(verdict.cameBack == true && verdict.contradictions.isEmpty)
    let guest = [
      DirectMapObservation(.allocated, frames: 64, gone: 64),
      DirectMapObservation(.faulted, frames: 64, gone: 64),
      DirectMapObservation(.unmapped, frames: 64, gone: 64),
      DirectMapObservation(.closed, frames: 64, gone: 0),
    ]
    #expect(DirectMapVerdict(of: .guestMemfdPrivateNoDirectMap, guest).removal == .at(.allocated))
  }

  @Test func withoutAScanFallocateIsNotToldFromTheFault() {
    #expect(flag(observations(faulted: 64)).removal == .byFault)
    // memfd_secret and anonymous memory have no frame before the fault.
    let secret = DirectMapVerdict(of: .memfdSecret, observations(faulted: 64, punched: nil))
    #expect(secret.removal == .at(.faulted))
  }

  @Test func preFaultingIsAFault() {
    let verdict = DirectMapVerdict(
      of: .guestMemfdPrivateNoDirectMap, observations(allocated: 0, preFaulted: 32, faulted: 64))
    #expect(verdict.removal == .at(.faulted) && verdict.contradictions.isEmpty)
  }

  @Test func ordinaryMemoryNeverLeaves() {
    let verdict = DirectMapVerdict(of: .guestMemfd, observations(allocated: 0, faulted: 0))
    #expect(verdict.removal == .never && verdict.cameBack == nil && verdict.contradictions.isEmpty)
  }

  @Test func aFlagThatDoesNothingIsCaught() {
    let verdict = flag(observations(allocated: 0, faulted: 0))
    #expect(verdict.removal == .never && verdict.contradictions.count == 1)
  }

  @Test(arguments: [nil, 0, 64] as [Int?])
  func ordinaryMemoryThatLeavesIsCaught(allocated: Int?) {
    // The v7 dialect's collision: MMAP | INIT_SHARED removes there.
    let verdict = DirectMapVerdict(of: .guestMemfd, observations(allocated: allocated, faulted: 64))
    #expect(verdict.contradictions.count == 1)
  }

  @Test(arguments: [(0, 63), (32, 64), (64, 0), (64, 63), (0, 65)])
  func removalOfSomeFramesIsCaught(allocated: Int, faulted: Int) {
    let verdict = flag(observations(allocated: allocated, faulted: faulted))
    #expect(verdict.removal == .partly)
    #expect(!verdict.contradictions.isEmpty)
  }

  @Test func framesThatAreBackBeforeTheFreeAreCaught() {
    let verdict = flag(observations(allocated: 0, faulted: 64, unmapped: 60))
    #expect(verdict.contradictions.contains { $0.contains("4 of 64") })
  }

  @Test func version7sBugIsCaught() {
    let verdict = flag(observations(allocated: 0, faulted: 64, punched: 32, closed: 32))
    #expect(verdict.cameBack == false)
    #expect(verdict.contradictions.count == 2)
    #expect(flag(observations(faulted: 64, closed: 1)).cameBack == false)
  }

  @Test func zerosAfterAFreeProveNothing() {
    var observations = observations(faulted: 64)
    observations[observations.count - 1].unclear = 32
    let verdict = flag(observations)
    #expect(verdict.cameBack == nil && verdict.contradictions.isEmpty && verdict.notes.count == 1)
  }

  @Test func framesThatMovedAreNotCountedAsEither() {
    let moved = [DirectMapObservation(.faulted, frames: 64, gone: 0, unclear: 64)]
    #expect(DirectMapVerdict(of: .anonymous, moved).removal == .unknown)
    let some = [DirectMapObservation(.faulted, frames: 64, gone: 61, unclear: 3)]
    #expect(flag(some).removal == .byFault)
    #expect(DirectMapVerdict(of: .anonymous, []).removal == .unknown)
  }

  @Test(arguments: [true, false, nil] as [Bool?])
  func staleTranslationsContradictAFlushAlone(flushes: Bool?) {
    var observations = observations(allocated: 0, faulted: 64)
    observations[1].stale = 5
    let verdict = flag(observations, flushes: flushes)
    #expect(verdict.removal == .at(.faulted))
    #expect(verdict.contradictions.count == (flushes == true ? 1 : 0))
    #expect(verdict.notes.count == (flushes == true ? 0 : 1))
  }

  @Test func withoutTheFlushTheUnmappingTellsWhatWasGone() {
    let seen = observations(allocated: 0, faulted: 3, unmapped: 64)
    let verdict = flag(seen, flushes: false)
    #expect(verdict.removal == .at(.faulted) && verdict.contradictions.isEmpty)
    #expect(verdict.notes.contains { $0.contains("61 of 64") })
    #expect(!flag(seen, flushes: true).contradictions.isEmpty)
    #expect(flag(observations(allocated: 0, faulted: 0), flushes: false).removal == .never)
  }

  @Test func aReportContradictsWhereARowOrTheFlushDoes() {
    var report = DirectMapReport(memoryFile: "/dev/mem", flushes: true)
    #expect(!report.showsAnything && !report.contradicts)
    report.rows = [DirectMapRow(.memfd, .failure(.unsupported("not here")), flushes: nil)]
    #expect(!report.showsAnything && !report.contradicts)
    report.rows.append(
      DirectMapRow(.guestMemfdNoDirectMap, .success(observations(allocated: 0, faulted: 64)), flushes: true))
    #expect(report.showsAnything && !report.contradicts)
    report.flushObservations = .success([
      FlushObservation(isOn: true, frames: 64, readable: 0),
      FlushObservation(isOn: false, frames: 64, readable: 64),
    ])
    #expect(!report.contradicts)
    report.flushObservations = .success([FlushObservation(isOn: true, frames: 64, readable: 1)])
    #expect(report.contradicts)
    report.flushObservations = nil
    report.rows.append(DirectMapRow(.memfd, .failure(.failed("broke")), flushes: nil))
    #expect(report.contradicts)
  }
}
