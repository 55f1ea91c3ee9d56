// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Model
import Testing

let page = Int(getpagesize())

/// Whether KVM can be used, or why not.
let kvmRefusal: String? = {
  do throws(Refusal) {
    let kvm = try KVMDevice.open()
    _ = try KVMCapabilities.read(kvm).flags(for: .guestMemfd)
    return ckernel_guest_supported() == 0 ? "no guest program for this architecture" : nil
  } catch { return error.description }
}()
let hasGuestMemfd = kvmRefusal == nil
let hasSecretMemory = SecretMemory.openAndClose() == 0

private func isOpen(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

private func openDescriptors() -> Int {
  (0..<4096).count { isOpen(Int32($0)) }
}

@Suite("owners", .serialized)
struct OwnersTests {
  @Test func aFileClosesItself() throws {
    var number: Int32 = -1
    do {
      let file = try MemoryFile.memfd(bytes: page)
      number = file.descriptor.number
      #expect(isOpen(number))
    }
    #expect(!isOpen(number))
  }

  @Test func aFileThatCannotBeSizedClosesItself() {
    // Other tests open files meanwhile, but not hundreds.
    let before = openDescriptors()
    for _ in 0..<1000 { #expect(throws: Refusal.self) { _ = try MemoryFile.memfd(bytes: -1) } }
    #expect(openDescriptors() < before + 500)
  }

  @Test func aReleasedDescriptorStaysOpen() throws {
    let number = try MemoryFile.memfd(bytes: page).release()
    #expect(isOpen(number))
    close(number)
  }

  @Test func aRegionUnmapsItself() throws {
    var base: UnsafeMutableRawPointer?
    do {
      let region = try Region.resident(bytes: page)
      base = region.base
    }
    // mincore on an address that is not mapped is ENOMEM.
    var state: UInt8 = 0
    #expect(mincore(base, page, &state) == -1 && errno == ENOMEM)
  }

  @Test func aHugeRegionIsAligned() throws {
    let region = try Region.anonymousHuge(bytes: hugePageBytes)
    #expect(Int(bitPattern: region.base) % hugePageBytes == 0)
  }

  @Test func ordinaryMemoryIsProvedToKeepItsDirectMap() throws {
    let file = try MemoryFile.memfd(bytes: page)
    try DirectMapState.prove(.memfd, on: try Region.mapping(file))
  }

  @Test func anArmThatLiesIsCaught() throws {
    let file = try MemoryFile.memfd(bytes: page)
    let region = try Region.mapping(file)
    let refusal: Refusal?
    do throws(Refusal) {
      try DirectMapState.prove(.guestMemfdNoDirectMap, on: region)
      refusal = nil
    } catch { refusal = error }
    #expect(refusal?.kind == .failed)
    #expect(refusal?.reason.contains("kept") == true)
  }

  @Test(.enabled(if: hasSecretMemory, "memfd_secret")) func secretMemoryIsProvedToLoseItsDirectMap() throws {
    let file = try MemoryFile.memfdSecret(bytes: page)
    let region = try Region.mapping(file)
    try DirectMapState.prove(.memfdSecret, on: region)
    region.base.storeBytes(of: 7, as: UInt8.self)
    var byte: UInt8 = 0
    #expect(ckernel_gup_read(region.base, &byte, 1) == -EFAULT)
    let refusal: Refusal?
    do throws(Refusal) {
      try DirectMapState.prove(.guestMemfd, on: region)
      refusal = nil
    } catch { refusal = error }
    #expect(refusal?.kind == .failed)
  }

  @Test func aBusErrorIsSurvived() throws {
    #expect(ckernel_signals_install() == 0)
    let file = try MemoryFile.memfd(bytes: page)
    let region = try Region.mapping(file)
    #expect(ftruncate(file.descriptor.number, 0) == 0)
    for _ in 0..<2 {
      let result = ckernel_guarded(
        { argument in
          argument?.storeBytes(of: 1, as: UInt8.self)
          return 0
        }, region.base)
      #expect(result == -EFAULT)
    }
  }
}
