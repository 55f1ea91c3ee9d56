// SPDX-License-Identifier: Apache-2.0
import CKernel
import Model

/// The VM types that gmembench uses.
public enum VirtualMachineType: UInt, Sendable {
  case standard = 0
  /// KVM_X86_SW_PROTECTED_VM: has private memory, for tests and development.
  case softwareProtected = 1
}

/// /dev/kvm, opened.
public struct KVMDevice: ~Copyable {
  public let descriptor: OwnedDescriptor

  public static func open() throws(Refusal) -> KVMDevice {
    let result = ckernel_kvm_open()
    guard result < 0 else { return KVMDevice(descriptor: OwnedDescriptor(result)) }
    throw refusal(.init(rawValue: -result))
  }
}

/// A VM that closes itself. It lives on while a guest_memfd or a mapped vCPU of it does.
public struct VirtualMachine: ~Copyable {
  public let descriptor: OwnedDescriptor

  public init(_ kvm: borrowing KVMDevice, type: VirtualMachineType = .standard) throws(Refusal) {
    let result = ckernel_vm_create(kvm.descriptor.number, type.rawValue)
    descriptor = try OwnedDescriptor(result, from: "KVM_CREATE_VM of type \(type.rawValue)")
  }

  /// KVM_CHECK_EXTENSION on this VM; a refusal counts as not offered.
  public func answer(_ capability: Int32) -> Int32 {
    max(ckernel_vm_extension(descriptor.number, capability), 0)
  }

  public var guestMemfdAnswers: GuestMemfdAnswers {
    GuestMemfdAnswers(
      guestMemfd: answer(KVM_CAP_GUEST_MEMFD), flags: answer(KVM_CAP_GUEST_MEMFD_FLAGS),
      v7NoDirectMap: answer(CKERNEL_CAP_V7_NO_DIRECT_MAP))
  }

  public func addSlot(_ slot: UInt32, at gpa: UInt64, memory: borrowing Region) throws(Refusal) {
    let result = ckernel_slot(descriptor.number, slot, gpa, UInt64(memory.bytes), memory.base)
    try check(result, "KVM_SET_USER_MEMORY_REGION")
  }

  /// - Parameter userspace: where KVM itself would read this memory; may have nothing behind it.
  public func addSlot(
    _ slot: UInt32, at gpa: UInt64, file: borrowing MemoryFile, userspace: borrowing Region
  ) throws(Refusal) {
    let result = ckernel_slot_guest_memfd(
      descriptor.number, slot, gpa, UInt64(file.bytes), userspace.base, file.descriptor.number)
    try check(result, "KVM_SET_USER_MEMORY_REGION2")
  }

  public func deleteSlot(_ slot: UInt32, at gpa: UInt64) throws(Refusal) {
    try check(ckernel_slot(descriptor.number, slot, gpa, 0, nil), "deleting a memory slot")
  }

  public func makePrivate(at gpa: UInt64, bytes: Int) throws(Refusal) {
    let result = ckernel_make_private(descriptor.number, gpa, UInt64(bytes))
    try check(result, "KVM_SET_MEMORY_ATTRIBUTES(PRIVATE)")
  }

  /// Gives the descriptor up: the caller closes it.
  public consuming func release() -> Int32 { descriptor.release() }
}
