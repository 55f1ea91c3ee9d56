// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Model

/// One block's VM: a vCPU, warmed up, and the region under test behind its memory slot.
struct Guest: ~Copyable {
  let vcpu: VirtualCPU
  /// What KVM itself would read guest memory through. With a file it has nothing behind it, or shadow paging
  /// would prefetch neighbours that the host has mapped; without one it is the memory itself.
  private let userspace: Region
  var file: MemoryFile?
  private let machine: VirtualMachine

  static let regionSlot: UInt32 = 1

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
  static func refusal(_ context: MeasuringContext) -> Refusal? {
    if ckernel_guest_supported() == 0 { return VirtualCPU.noProgram }
    if case .failure(let refusal) = context.kvm.capabilities { return refusal }
    return nil
  }

  /// A fresh VM with fresh memory, warmed up.
  ///
  /// - Parameter order: the page to touch at each step; nil for the case's own order.
  static func make(
    _ measured: Case, _ context: MeasuringContext, order: UnsafeBufferPointer<UInt32>? = nil
  ) throws(Refusal) -> Guest {
    let backing = measured.backing
    let bytes = measured.pages * context.pageBytes
    let order = order ?? context.buffers.order(measured.order, pages: measured.pages)
    let machine = try context.memory.machine(for: backing)
    let vcpu = try context.kvm.withDevice { kvm throws(Refusal) in
      try VirtualCPU(kvm, in: machine, order: order)
    }
    let gpa = vcpu.regionAddress
    guard backing.isGuestMemfd else {
      let subject = try BlockMemory(backing, bytes: bytes, context)
      let parts = try subject.split()
      try machine.addSlot(regionSlot, at: gpa, memory: parts.region)
      return Guest(vcpu: vcpu, userspace: parts.region, file: parts.file, machine: machine)
    }
    let file = try context.memory.guestFile(backing, in: machine, bytes: bytes)
    let userspace = try Region.reserved(bytes: bytes)
    try machine.addSlot(regionSlot, at: gpa, file: file, userspace: userspace)
    if backing.isPrivate { try machine.makePrivate(at: gpa, bytes: bytes) }
    return Guest(vcpu: vcpu, userspace: userspace, file: file, machine: machine)
  }

  /// Another vCPU of the VM, numbered from 1, for a thread of its own.
  func anotherCPU(_ number: Int, _ context: MeasuringContext) throws(Refusal) -> FurtherCPU {
    try context.kvm.withDevice { kvm throws(Refusal) in try vcpu.another(kvm, in: machine, number: number) }
  }

  /// The host's own mapping of the memory, beside the guest's; for ordinary memory the slot's own.
  func hostBase(_ mapping: borrowing Region?) -> UnsafeMutableRawPointer {
    switch mapping {
    case .some(let region): region.base
    case .none: userspace.base
    }
  }

  /// A second mapping for the host; nil where the slot's own mapping serves.
  func mapForHost(_ backing: Backing) throws(Refusal) -> Region? {
    guard backing.isGuestMemfd else { return nil }
    switch file {
    case .some(let file): return try Region.mapping(file)
    case .none: return nil
    }
  }

  /// Reads placement back; pages that only the guest touched are brought into a mapping of the host's for that,
  /// which is gone again afterwards.
  func placement(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> Placed {
    guard !measured.backing.isPrivate else { return context.assumedPlacement }
    let host = try mapForHost(measured.backing)
    let base = hostBase(host)
    if measured.backing.isGuestMemfd { try context.touchAll(base, measured) }
    return context.placement(of: base, measured)
  }

  /// The file's descriptor; -1 for anonymous memory.
  var descriptor: Int32 {
    switch file {
    case .some(let file): file.descriptor.number
    case .none: -1
    }
  }

  /// Touches every page from the guest, untimed.
  func touch() throws(Refusal) {
    try checkRun(vcpu.touchRegion(storing: 1))
  }

  /// Takes the memory from the guest; its file keeps the pages.
  func deleteSlot() throws(Refusal) { try machine.deleteSlot(Self.regionSlot, at: vcpu.regionAddress) }

  /// A message for what ended the guest.
  func checkRun(_ result: Int32) throws(Refusal) {
    guard result == -EPROTO else {
      try check(result, "KVM_RUN")
      return
    }
    throw .failed("the guest program ended with KVM exit \(vcpu.exitReason)")
  }

  /// Gives everything up, in the order in which it is to be released.
  consuming func release() -> (mappings: [(base: UnsafeMutableRawPointer, bytes: Int)], descriptors: [Int32])
  {
    var parts = vcpu.release()
    parts.mappings.append(userspace.release())
    if let file { parts.descriptors.append(file.release()) }
    parts.descriptors.append(machine.release())
    return parts
  }
}
