// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Model
import Testing

/// Answers as recorded or as the series' documentation gives them.
struct RecordedKernel: Sendable, CustomTestStringConvertible {
  let name: String
  let answers: GuestMemfdAnswers
  let dialect: Dialect?
  let mappable: UInt64?
  let noDirectMap: UInt64?
  var testDescription: String { name }

  init(
    _ name: String, _ guestMemfd: Int32, _ flags: Int32, _ v7: Int32, _ dialect: Dialect?,
    _ mappable: UInt64?,
    _ noDirectMap: UInt64?
  ) {
    self.name = name
    answers = GuestMemfdAnswers(guestMemfd: guestMemfd, flags: flags, v7NoDirectMap: v7)
    self.dialect = dialect
    self.mappable = mappable
    self.noDirectMap = noDirectMap
  }

  static let all = [
    RecordedKernel("before 6.8", 0, 0, 0, nil, nil, nil),
    RecordedKernel("6.8 to 6.17", 1, 0, 0, .mainline, nil, nil),
    RecordedKernel("6.18", 1, 0x3, 0, .mainline, 0x3, nil),
    RecordedKernel("6.18 arm64, whose 245 is SEA_TO_USER", 1, 0x3, 1, .mainline, 0x3, nil),
    RecordedKernel("v9 to v12", 1, 0x7, 0, .mainline, 0x3, 0x4),
    RecordedKernel("v12 on arm64", 1, 0x7, 1, .mainline, 0x3, 0x4),
    RecordedKernel("v5 to v7", 1, 1, 1, .v7, 0x1, 0x2),
    RecordedKernel("a boolean 244 without the flag's capability", 1, 1, 0, nil, nil, nil),
    RecordedKernel("a bitmap without INIT_SHARED", 1, 0x4, 0, nil, nil, nil),
  ]
}

@Suite("the dialect table")
struct DialectTests {
  @Test(arguments: RecordedKernel.all)
  func recognises(_ kernel: RecordedKernel) throws {
    let abi = try? GuestMemfdABI.resolve(kernel.answers)
    #expect(abi?.dialect == kernel.dialect)
    #expect(abi?.mappable == kernel.mappable)
    #expect(abi?.noDirectMap == kernel.noDirectMap)
  }

  @Test func mainlineFlagsWouldRemoveTheDirectMapOnV7() throws {
    let v7 = try GuestMemfdABI.resolve(GuestMemfdAnswers(guestMemfd: 1, flags: 1, v7NoDirectMap: 1))
    #expect(try v7.flags(for: .guestMemfd) == 0x1)
    #expect(try v7.flags(for: .guestMemfdNoDirectMap) == 0x3)
  }

  @Test func aSoftwareProtectedVMIsAskedForItsOwnFlags() throws {
    let abi = try GuestMemfdABI.resolve(GuestMemfdAnswers(guestMemfd: 1, flags: 0x7, v7NoDirectMap: 0))
    let offered = abi.offered(GuestMemfdAnswers(guestMemfd: 1, flags: 0x5, v7NoDirectMap: 0))
    #expect(offered.mappable == nil)
    #expect(try offered.flags(for: .guestMemfdPrivateNoDirectMap) == 0x4)
    #expect(try offered.flags(for: .guestMemfdPrivate) == 0)
  }

  @Test func insistingOverrides() throws {
    let answers = GuestMemfdAnswers(guestMemfd: 1, flags: 1, v7NoDirectMap: 0)
    #expect(try GuestMemfdABI.resolve(answers, insisting: .v7).mappable == 0x1)
  }

  @Test func aMissingFlagNamesTheRequirement() throws {
    let stock = try GuestMemfdABI.resolve(GuestMemfdAnswers(guestMemfd: 1, flags: 0x3, v7NoDirectMap: 0))
    let refusal = #expect(throws: Refusal.self) { try stock.flags(for: .guestMemfdNoDirectMap) }
    #expect(refusal?.kind == .unsupported)
    #expect(refusal?.reason.contains("GUEST_MEMFD_FLAG_NO_DIRECT_MAP") == true)
  }
}
