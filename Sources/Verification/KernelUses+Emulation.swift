// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Model

extension KernelUses {
  /// A guest runs, from the memory, an instruction that copies a byte of it to where there is no memory. The CPU runs
  /// it until there; the rest is KVM's, which fetches instruction and byte by the slot's `userspace_addr`: the user
  /// mapping of the memory, and none at all where there is none.
  ///
  /// How it can mislead: memory that KVM cannot map for the guest ends before that, with an errno of KVM_RUN. And an
  /// AMD CPU may hand the instruction over, so that KVM fetches the byte alone.
  func emulation(_ backing: Backing) throws(Refusal) -> UseOutcome {
    guard ckernel_guest_supported() != 0 else { throw VirtualCPU.noProgram }
    let bytes = bytes(of: backing)
    // The last page of the guest's region has no memory behind it.
    let order = 0..<UInt32(bytes / context.pageBytes + 1)
    let machine = try context.memory.machine(for: backing)
    // Where it cannot be asked for, a failure ends the guest by an exception (KVM_EXIT_SHUTDOWN).
    _ = ckernel_vm_exit_on_emulation_failure(machine.descriptor.number)
    let vcpu = try context.kvm.withDevice { kvm throws(Refusal) in
      try VirtualCPU(kvm, in: machine, order: order)
    }
    let gpa = vcpu.regionAddress
    guard backing.isGuestMemfd else {
      let parts = try BlockMemory(backing, bytes: bytes, from: context.memory).split()
      try machine.addSlot(Guest.regionSlot, at: gpa, memory: parts.region)
      return try run(vcpu)
    }
    let file = try context.memory.guestFile(backing, in: machine, bytes: bytes)
    let userspace = backing.isPrivate ? try Region.reserved(bytes: bytes) : try Region.mapping(file)
    try machine.addSlot(Guest.regionSlot, at: gpa, file: file, userspace: userspace)
    if backing.isPrivate { try machine.makePrivate(at: gpa, bytes: bytes) }
    return try run(vcpu)
  }

  private func run(_ vcpu: borrowing VirtualCPU) throws(Refusal) -> UseOutcome {
    switch vcpu.emulateInRegion(storing: 0x5a) {
    case -EPROTO: .refused(Self.name(ofExit: Int32(vcpu.exitReason)))
    case -EILSEQ: .refused("another byte")
    case let result: Self.outcome(result)
    }
  }

  private static func name(ofExit reason: Int32) -> String {
    switch reason {
    case KVM_EXIT_INTERNAL_ERROR: "KVM_EXIT_INTERNAL_ERROR"
    case KVM_EXIT_MMIO: "KVM_EXIT_MMIO"
    case KVM_EXIT_SHUTDOWN: "KVM_EXIT_SHUTDOWN"
    default: "KVM exit \(reason)"
    }
  }
}
