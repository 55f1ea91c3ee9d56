// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Model
import Testing

@Suite("what a machine offers of backings")
struct BackingOfferTests {
  private static let setting = "/sys/kernel/mm/transparent_hugepage/enabled"
  private let factory = MemoryFactory(KVMAccess(insisting: nil, acceptsHostRisk: false))

  private func refusal(of backing: Backing, bytes: Int, _ files: [String: String] = [:]) -> Refusal? {
    do throws(Refusal) {
      _ = try factory.offer(of: backing, bytes: bytes, architecture: "x86_64") { files[$0] }
      return nil
    } catch { return error }
  }

  @Test func ordinaryMemoryIsAlwaysThere() throws {
    for backing in [Backing.anonymous, .memfd] {
      #expect(refusal(of: backing, bytes: page) == nil)
      let offer = try factory.offer(of: backing, bytes: page, architecture: "") { _ in nil }
      #expect(offer == nil)
    }
  }

  @Test(arguments: [nil, "always madvise [never]\n"]) func hugePagesThatAreOff(setting: String?) {
    let refusal = refusal(of: .anonymousHuge, bytes: hugePageBytes, [Self.setting: setting ?? ""])
    #expect(refusal?.kind == .unsupported)
    #expect(refusal?.remedy?.contains("madvise") == true)
  }

  @Test func hugePagesAreWhole() {
    let files = [Self.setting: "always [madvise] never\n"]
    #expect(refusal(of: .anonymousHuge, bytes: 2 * hugePageBytes, files) == nil)
    #expect(refusal(of: .anonymousHuge, bytes: hugePageBytes + page, files)?.remedy == "--size 2MiB")
  }

  @Test(.enabled(if: hasGuestMemfd, "KVM with a mappable guest_memfd"))
  func aGuestMemfdComesWithItsFlags() throws {
    let offer = try factory.offer(of: .guestMemfd, bytes: page, architecture: "") { _ in nil }
    let capabilities = try KVMCapabilities.read(KVMDevice.open())
    #expect(try offer?.flags == capabilities.flags(for: .guestMemfd).flags)
  }
}

@Suite("a block's memory")
struct BlockMemoryTests {
  private static let pages = 8
  private let factory = MemoryFactory(KVMAccess(insisting: nil, acceptsHostRisk: false))

  @Test(arguments: [Backing.anonymous, .memfd]) func fillingItIsAFaultAPage(backing: Backing) throws {
    var memory = try BlockMemory(backing, bytes: Self.pages * page, from: factory)
    #expect((memory.descriptor >= 0) == backing.hasFile)
    #expect(memory.faultsUntimed == nil)
    try memory.populate { base throws(Refusal) in
      try check(ckernel_touch(base, page, Self.pages), "touching the region")
    }
    #expect(memory.faultsUntimed == Int64(Self.pages))
  }

  @Test func whatIsNotMappedHasNoBase() throws {
    var memory = try BlockMemory(.memfd, bytes: page, from: factory)
    memory.unmap()
    #expect(throws: Refusal.self) { try memory.base }
    #expect(memory.descriptor >= 0)
    memory.closeFile()
    #expect(memory.descriptor == -1)
  }
}

@Suite("a guest with its memory", .enabled(if: hasGuestMemfd, "KVM with a mappable guest_memfd"))
struct GuestTests {
  private static let pages = 16

  /// The host finds what the guest stored, in the memory itself or in a mapping of the file.
  @Test(arguments: [Backing.anonymous, .memfd, .guestMemfd])
  func theHostReadsWhatItStored(backing: Backing) throws {
    let factory = MemoryFactory(KVMAccess(insisting: nil, acceptsHostRisk: false))
    let guest = try Guest.make(
      backing, bytes: Self.pages * page, order: (0..<UInt32(Self.pages)).reversed(), from: factory)
    try guest.touch()
    let mapping = try guest.mapForHost(backing)
    let base = guest.hostBase(mapping)
    for index in 0..<Self.pages { #expect(base.load(fromByteOffset: index * page, as: UInt8.self) == 1) }
  }

  @Test func whatRefusesGetUserPagesBacksNone() {
    let access = KVMAccess(insisting: nil, acceptsHostRisk: false)
    #expect(Guest.refusal(of: .memfdSecret, access)?.reason.contains("get_user_pages") == true)
    #expect(Guest.refusal(of: .memfd, access) == nil)
  }
}
