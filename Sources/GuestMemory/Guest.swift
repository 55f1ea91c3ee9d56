// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model

/// A VM with one vCPU, warmed up, and fresh memory behind its memory slot.
public struct Guest: ~Copyable {
  public let vcpu: VirtualCPU
  /// What KVM itself would read guest memory through. With a file it has nothing behind it, or shadow paging
  /// would prefetch neighbours that the host has mapped; without one it is the memory itself.
  private let userspace: Region
  public var file: MemoryFile?
  private let machine: VirtualMachine

  public static let regionSlot: UInt32 = 1

  private init(
    vcpu: consuming VirtualCPU, userspace: consuming Region, file: consuming MemoryFile?,
    machine: consuming VirtualMachine
  ) {
    self.vcpu = vcpu
    self.userspace = userspace
    self.file = file
    self.machine = machine
  }

  /// Why no guest runs here; nil where one does.
  public static func refusal(_ kvm: KVMAccess) -> Refusal? {
    if ckernel_guest_supported() == 0 { return VirtualCPU.noProgram }
    if case .failure(let refusal) = kvm.capabilities { return refusal }
    return nil
  }

  /// The same of a guest with memory of a backing.
  public static func refusal(of backing: Backing, _ kvm: KVMAccess) -> Refusal? {
    // First what no remedy changes.
    guard backing.backsGuests else {
      return .unsupported("\(backing.rawValue) refuses get_user_pages, so it can back no guest memory")
    }
    return refusal(kvm)
  }

  /// A fresh VM with fresh memory, warmed up.
  ///
  /// - Parameter order: the page to touch at each step.
  public static func make(
    _ backing: Backing, bytes: Int, order: some Collection<UInt32>, from memory: MemoryFactory
  ) throws(Refusal) -> Guest {
    let machine = try memory.machine(for: backing)
    let vcpu = try memory.kvm.withDevice { kvm throws(Refusal) in
      try VirtualCPU(kvm, in: machine, order: order)
    }
    let gpa = vcpu.regionAddress
    guard backing.isGuestMemfd else {
      let parts = try BlockMemory(backing, bytes: bytes, from: memory).split()
      try machine.addSlot(regionSlot, at: gpa, memory: parts.region)
      return Guest(vcpu: vcpu, userspace: parts.region, file: parts.file, machine: machine)
    }
    let file = try memory.guestFile(backing, in: machine, bytes: bytes)
    let userspace = try Region.reserved(bytes: bytes)
    try machine.addSlot(regionSlot, at: gpa, file: file, userspace: userspace)
    if backing.isPrivate { try machine.makePrivate(at: gpa, bytes: bytes) }
    return Guest(vcpu: vcpu, userspace: userspace, file: file, machine: machine)
  }

  /// Another vCPU of the VM, numbered from 1, for a thread of its own.
  public func anotherCPU(_ number: Int, _ kvm: KVMAccess) throws(Refusal) -> FurtherCPU {
    try kvm.withDevice { kvm throws(Refusal) in try vcpu.another(kvm, in: machine, number: number) }
  }

  /// The host's own mapping of the memory, beside the guest's; for ordinary memory the slot's own.
  public func hostBase(_ mapping: borrowing Region?) -> UnsafeMutableRawPointer {
    switch mapping {
    case .some(let region): region.base
    case .none: userspace.base
    }
  }

  /// A second mapping for the host; nil where the slot's own mapping serves.
  public func mapForHost(_ backing: Backing) throws(Refusal) -> Region? {
    guard backing.isGuestMemfd else { return nil }
    switch file {
    case .some(let file): return try Region.mapping(file)
    case .none: return nil
    }
  }

  /// The file's descriptor; -1 for anonymous memory.
  public var descriptor: Int32 {
    switch file {
    case .some(let file): file.descriptor.number
    case .none: -1
    }
  }

  /// Touches every page from the guest, untimed.
  public func touch() throws(Refusal) {
    try checkRun(vcpu.touchRegion(storing: 1))
  }

  /// Takes the memory from the guest; its file keeps the pages.
  public func deleteSlot() throws(Refusal) { try machine.deleteSlot(Self.regionSlot, at: vcpu.regionAddress) }

  /// A message for what ended the guest.
  public func checkRun(_ result: Int32) throws(Refusal) {
    guard result == -EPROTO else {
      try check(result, "KVM_RUN")
      return
    }
    throw .failed("the guest program ended with KVM exit \(vcpu.exitReason)")
  }

  /// Gives everything up, in the order in which it is to be released.
  public consuming func release() -> (
    mappings: [(base: UnsafeMutableRawPointer, bytes: Int)], descriptors: [Int32]
  ) {
    var parts = vcpu.release()
    parts.mappings.append(userspace.release())
    if let file { parts.descriptors.append(file.release()) }
    parts.descriptors.append(machine.release())
    return parts
  }
}
