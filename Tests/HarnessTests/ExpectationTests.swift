// SPDX-License-Identifier: Apache-2.0
import Harness
import Testing

@testable import Model

/// What a block must show, held against readings made by hand.
@Suite("what a block must show")
struct ExpectationTests {
  private typealias Expectation = Model.Expectation

  private static let pages = 512

  private func measured(_ backing: Backing, directMap: DirectMapSetting? = nil) -> Case {
    Case("b", "o", backing, pages: Self.pages).with { ($0.others, $0.directMap) = (.spin, directMap) }
  }

  private func shortcoming(
    _ expected: Expectation, _ backing: Backing, directMap: DirectMapSetting? = nil,
    _ change: (inout BlockReading) -> Void
  ) throws(Refusal) -> String? {
    var reading = BlockReading(samples: [], counters: .none, placement: .unknown)
    change(&reading)
    return try expected.shortcoming(of: reading, measured(backing, directMap: directMap), pageBytes: 4096)
  }

  @Test(arguments: [
    (Backing.memfd, 512, true), (.memfd, 530, true), (.memfd, 511, false), (.memfd, 1, false),
    (.memfd, 700, false),
    (.anonymousHuge, 1, true), (.anonymousHuge, 18, true), (.anonymousHuge, 512, false),
  ])
  func hostFaultsTellThePageSize(backing: Backing, faults: Int64, isResult: Bool) throws {
    let expected = Expectation(host: .onePerPage)
    let reason = try shortcoming(expected, backing) { $0.counters.minorFaults = faults }
    #expect((reason == nil) == isResult, "\(reason ?? "")")
    // What is filled beside the timed region is always held against it.
    #expect((try shortcoming(Expectation(), backing) { $0.faultsUntimed = faults } == nil) == isResult)
    #expect(try shortcoming(Expectation(), backing) { $0.counters.minorFaults = faults } == nil)
  }

  @Test func whatIsThereDoesNotFault() throws {
    let expected = Expectation(host: .none, guest: .none)
    #expect(try shortcoming(expected, .memfd) { $0.counters.minorFaults = 3 } == nil)
    #expect(try shortcoming(expected, .memfd) { $0.counters.minorFaults = 512 } != nil)
    #expect(try shortcoming(expected, .guestMemfd) { $0.faultsFixed = 0 } == nil)
    #expect(try shortcoming(expected, .guestMemfd) { $0.faultsFixed = 1 } != nil)
  }

  /// Only where frames were kept for the block: another one finds what there is, and its row says so.
  @Test(arguments: [
    (0, true, true), (64, true, true), (65, true, false), (512, true, false), (512, false, true),
  ])
  func coldMemoryIsNotTheBlocksBefore(repeated: Int, isKept: Bool, isResult: Bool) throws {
    let reason = try shortcoming(Expectation(), .guestMemfd) {
      $0.frames = BlockFrames(new: 0, ofBlockBefore: repeated)
      $0.takesKeptFrames = isKept
    }
    #expect(
      reason
        == (isResult
          ? nil : "\(repeated) of its 512 frames were those of the block before: it did not find cold memory")
    )
  }

  @Test func guestFaultsAreExact() throws {
    let expected = Expectation(guest: .onePerPage)
    #expect(try shortcoming(expected, .guestMemfd) { $0.faultsFixed = 512 } == nil)
    for fixed in [UInt64(511), 513, 8] {
      let reason = try shortcoming(expected, .guestMemfd) { $0.faultsFixed = fixed }
      #expect(reason == "KVM fixed \(fixed) faults for 512 pages")
    }
  }

  @Test func hugePagesThatTheGuestGetsInSmallOnesAreUnsupported() throws {
    let expected = Expectation(guest: .onePerPage)
    #expect(try shortcoming(expected, .anonymousHuge) { $0.faultsFixed = 1 } == nil)
    #expect(try shortcoming(expected, .anonymousHuge) { $0.faultsFixed = 4 } != nil)
    for fixed in [UInt64(64), 512] {
      do throws(Refusal) {
        _ = try shortcoming(expected, .anonymousHuge) { $0.faultsFixed = fixed }
        Issue.record("accepted")
      } catch {
        #expect(error.kind == .unsupported)
        #expect(error.reason == "not mapped by huge pages here: KVM fixed \(fixed) faults for 1 huge page")
      }
    }
  }

  @Test func flushesAndSplits() throws {
    let expected = Expectation(flushes: .onePerPage)
    #expect(try shortcoming(expected, .memfdSecret) { $0.flushes = 512 } == nil)
    #expect(try shortcoming(expected, .memfdSecret) { $0.flushes = 511 } != nil)
    for (directMap, isResult) in [(DirectMapSetting.split, false), (.cold, true)] {
      let reason = try shortcoming(expected, .memfdSecret, directMap: directMap) {
        $0.counters.level2Splits = 2
      }
      #expect((reason == nil) == isResult)
    }
  }
}
