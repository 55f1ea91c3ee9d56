// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Testing

@Suite(
  "a guest on this machine's KVM", .serialized, .enabled(if: hasGuestMemfd, "KVM with a mappable guest_memfd")
)
struct VirtualCPUTests {
  private static let pages = 512

  private func run(
    order: [UInt32], _ body: (borrowing VirtualCPU, borrowing MemoryFile) throws -> Void
  ) throws {
    let kvm = try KVMDevice.open()
    let flags = try KVMCapabilities.read(kvm).flags(for: .guestMemfd).flags
    let machine = try VirtualMachine(kvm)
    let table = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: order.count)
    defer { table.deallocate() }
    _ = table.initialize(from: order)
    let vcpu = try VirtualCPU(kvm, in: machine, order: UnsafeBufferPointer(table))
    let bytes = order.count * page
    let file = try MemoryFile.guestMemfd(in: machine, bytes: bytes, flags: flags)
    // Nothing behind it: the bytes can only land in the guest_memfd.
    let userspace = try Region.reserved(bytes: bytes)
    try machine.addSlot(1, at: vcpu.regionAddress, file: file, userspace: userspace)
    try body(vcpu, file)
  }

  @Test(arguments: [false, true]) func touchesEveryPageOnce(shuffled: Bool) throws {
    var order = (0..<UInt32(Self.pages)).map { $0 }
    if shuffled { order.reverse() }
    try run(order: order) { vcpu, file in
      let before = try vcpu.readStats()
      #expect(vcpu.touchRegion(storing: 0x5a) == 0)
      let stats = try vcpu.readStats() - before
      #expect(stats.faultsFixed == UInt64(Self.pages))
      #expect(stats.faultsTaken >= UInt64(Self.pages))
      #expect(vcpu.log.count == Self.pages)
      #expect(vcpu.log.allSatisfy { $0 > 0 && $0 < 1 << 40 })
      let host = try Region.mapping(file)
      let bytes = UnsafeRawBufferPointer(start: host.base, count: host.bytes)
      #expect((0..<Self.pages).allSatisfy { bytes[$0 * page] == 0x5a })
      #expect((0..<Self.pages).allSatisfy { bytes[$0 * page + 1] == 0 })
    }
  }

  @Test func theSecondTouchDoesNotFault() throws {
    try run(order: (0..<UInt32(Self.pages)).map { $0 }) { vcpu, _ in
      #expect(vcpu.touchRegion(storing: 1) == 0)
      let before = try vcpu.readStats()
      #expect(vcpu.touchRegion(storing: 2) == 0)
      #expect((try vcpu.readStats() - before).faultsFixed == 0)
    }
  }

  /// What KVM reads for an instruction that it carries out itself comes by the slot's `userspace_addr`, not from the
  /// guest_memfd: with nothing there it fails, though the guest runs the same page.
  @Test(arguments: [true, false]) func kvmReadsGuestMemoryByUserspaceAddress(mapped: Bool) throws {
    let kvm = try KVMDevice.open()
    let flags = try KVMCapabilities.read(kvm).flags(for: .guestMemfd).flags
    let machine = try VirtualMachine(kvm)
    #expect(ckernel_vm_exit_on_emulation_failure(machine.descriptor.number) == 0)
    let table = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: 2)
    defer { table.deallocate() }
    _ = table.initialize(from: [0, 1])
    let vcpu = try VirtualCPU(kvm, in: machine, order: UnsafeBufferPointer(table))
    let file = try MemoryFile.guestMemfd(in: machine, bytes: page, flags: flags)
    let userspace = try mapped ? Region.mapping(file) : Region.reserved(bytes: page)
    try machine.addSlot(1, at: vcpu.regionAddress, file: file, userspace: userspace)
    #expect(vcpu.emulateInRegion(storing: 0x5a) == (mapped ? 0 : -EPROTO))
    // An AMD CPU may have handed the instruction over; then it is the byte that is not there.
    let failures = [UInt32(KVM_EXIT_INTERNAL_ERROR), UInt32(KVM_EXIT_MMIO)]
    #expect(mapped || failures.contains(vcpu.exitReason))
  }
}
