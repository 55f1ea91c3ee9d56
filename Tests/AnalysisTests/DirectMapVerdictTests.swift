// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@Suite("what looks at the direct map come to")
struct DirectMapVerdictTests {
  private func looks(
    allocated: Int? = nil, preFaulted: Int? = nil, faulted: Int, unmapped: Int? = nil, punched: Int? = 0,
    closed: Int = 0
  ) -> [DirectMapLook] {
    [
      allocated.map { DirectMapLook(.allocated, frames: 64, gone: $0) },
      preFaulted.map { DirectMapLook(.preFaulted, frames: 32, gone: $0) },
      DirectMapLook(.faulted, frames: 64, gone: faulted),
      DirectMapLook(.unmapped, frames: 64, gone: unmapped ?? faulted),
      punched.map { DirectMapLook(.punched, frames: 32, gone: $0) },
      DirectMapLook(.closed, frames: 32, gone: closed),
    ].compactMap { $0 }
  }

  private func flag(_ looks: [DirectMapLook], flushes: Bool? = nil) -> DirectMapVerdict {
    DirectMapVerdict(of: .guestMemfdNoDirectMap, looks, flushes: flushes)
  }

  @Test func version12RemovesAtTheFault() {
    let verdict = flag(looks(allocated: 0, faulted: 64))
    #expect(verdict.removal == .at(.faulted))
    #expect(verdict.cameBack == true)
    #expect(verdict.contradictions.isEmpty && verdict.notes.isEmpty)
  }

  @Test func aLaterPostingRemovesAtFallocate() {
    let verdict = flag(looks(allocated: 64, faulted: 64))
    #expect(verdict.removal == .at(.allocated))
    #expect(verdict.cameBack == true && verdict.contradictions.isEmpty)
    let guest = [
      DirectMapLook(.allocated, frames: 64, gone: 64), DirectMapLook(.faulted, frames: 64, gone: 64),
      DirectMapLook(.unmapped, frames: 64, gone: 64), DirectMapLook(.closed, frames: 64, gone: 0),
    ]
    #expect(DirectMapVerdict(of: .guestMemfdPrivateNoDirectMap, guest).removal == .at(.allocated))
  }

  @Test func withoutAScanFallocateIsNotToldFromTheFault() {
    #expect(flag(looks(faulted: 64)).removal == .byFault)
    // memfd_secret and anonymous memory have no frame before the fault.
    let secret = DirectMapVerdict(of: .memfdSecret, looks(faulted: 64, punched: nil))
    #expect(secret.removal == .at(.faulted))
  }

  @Test func preFaultingIsAFault() {
    let verdict = DirectMapVerdict(
      of: .guestMemfdPrivateNoDirectMap, looks(allocated: 0, preFaulted: 32, faulted: 64))
    #expect(verdict.removal == .at(.faulted) && verdict.contradictions.isEmpty)
  }

  @Test func ordinaryMemoryNeverLeaves() {
    let verdict = DirectMapVerdict(of: .guestMemfd, looks(allocated: 0, faulted: 0))
    #expect(verdict.removal == .never && verdict.cameBack == nil && verdict.contradictions.isEmpty)
  }

  @Test func aFlagThatDoesNothingIsCaught() {
    let verdict = flag(looks(allocated: 0, faulted: 0))
    #expect(verdict.removal == .never && verdict.contradictions.count == 1)
  }

  @Test(arguments: [nil, 0, 64] as [Int?])
  func ordinaryMemoryThatLeavesIsCaught(allocated: Int?) {
    // The v7 dialect's collision: MMAP | INIT_SHARED removes there.
    let verdict = DirectMapVerdict(of: .guestMemfd, looks(allocated: allocated, faulted: 64))
    #expect(verdict.contradictions.count == 1)
  }

  @Test(arguments: [(0, 63), (32, 64), (64, 0), (64, 63), (0, 65)])
  func removalOfSomeFramesIsCaught(allocated: Int, faulted: Int) {
    let verdict = flag(looks(allocated: allocated, faulted: faulted))
    #expect(verdict.removal == .partly)
    #expect(!verdict.contradictions.isEmpty)
  }

  @Test func framesThatAreBackBeforeTheFreeAreCaught() {
    let verdict = flag(looks(allocated: 0, faulted: 64, unmapped: 60))
    #expect(verdict.contradictions.contains { $0.contains("4 of 64") })
  }

  @Test func version7sBugIsCaught() {
    let verdict = flag(looks(allocated: 0, faulted: 64, punched: 32, closed: 32))
    #expect(verdict.cameBack == false)
    #expect(verdict.contradictions.count == 2)
    #expect(flag(looks(faulted: 64, closed: 1)).cameBack == false)
  }

  @Test func zerosAfterAFreeProveNothing() {
    var looks = looks(faulted: 64)
    looks[looks.count - 1].unclear = 32
    let verdict = flag(looks)
    #expect(verdict.cameBack == nil && verdict.contradictions.isEmpty && verdict.notes.count == 1)
  }

  @Test func framesThatMovedAreNotCountedAsEither() {
    let moved = [DirectMapLook(.faulted, frames: 64, gone: 0, unclear: 64)]
    #expect(DirectMapVerdict(of: .anonymous, moved).removal == .unknown)
    let some = [DirectMapLook(.faulted, frames: 64, gone: 61, unclear: 3)]
    #expect(flag(some).removal == .byFault)
    #expect(DirectMapVerdict(of: .anonymous, []).removal == .unknown)
  }

  @Test(arguments: [true, false, nil] as [Bool?])
  func staleTranslationsContradictAFlushAlone(flushes: Bool?) {
    var looks = looks(allocated: 0, faulted: 64)
    looks[1].stale = 5
    let verdict = flag(looks, flushes: flushes)
    #expect(verdict.removal == .at(.faulted))
    #expect(verdict.contradictions.count == (flushes == true ? 1 : 0))
    #expect(verdict.notes.count == (flushes == true ? 0 : 1))
  }

  @Test func withoutTheFlushTheUnmappingTellsWhatWasGone() {
    let seen = looks(allocated: 0, faulted: 3, unmapped: 64)
    let verdict = flag(seen, flushes: false)
    #expect(verdict.removal == .at(.faulted) && verdict.contradictions.isEmpty)
    #expect(verdict.notes.contains { $0.contains("61 of 64") })
    #expect(!flag(seen, flushes: true).contradictions.isEmpty)
    #expect(flag(looks(allocated: 0, faulted: 0), flushes: false).removal == .never)
  }

  @Test func aReportContradictsWhereARowOrTheFlushDoes() {
    var report = DirectMapReport(sight: "/dev/mem", flushes: true)
    #expect(!report.showsAnything && !report.contradicts)
    report.rows = [DirectMapRow(.memfd, .failure(.unsupported("not here")), flushes: nil)]
    #expect(!report.showsAnything && !report.contradicts)
    report.rows.append(
      DirectMapRow(.guestMemfdNoDirectMap, .success(looks(allocated: 0, faulted: 64)), flushes: true))
    #expect(report.showsAnything && !report.contradicts)
    report.flushLooks = .success([
      FlushLook(isOn: true, frames: 64, readable: 0), FlushLook(isOn: false, frames: 64, readable: 64),
    ])
    #expect(!report.contradicts)
    report.flushLooks = .success([FlushLook(isOn: true, frames: 64, readable: 1)])
    #expect(report.contradicts)
    report.flushLooks = nil
    report.rows.append(DirectMapRow(.memfd, .failure(.failed("broke")), flushes: nil))
    #expect(report.contradicts)
  }
}
