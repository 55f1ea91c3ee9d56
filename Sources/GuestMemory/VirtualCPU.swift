// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model

/// KVM's own counts for one vCPU (KVM_GET_STATS_FD).
public struct VirtualCPUStats: Hashable, Sendable {
  /// Page faults that reached KVM's MMU.
  public var faultsTaken: UInt64
  /// Page faults that KVM resolved by mapping a page.
  public var faultsFixed: UInt64
  public var exits: UInt64

  public static func + (one: VirtualCPUStats, other: VirtualCPUStats) -> VirtualCPUStats {
    VirtualCPUStats(
      faultsTaken: one.faultsTaken + other.faultsTaken, faultsFixed: one.faultsFixed + other.faultsFixed,
      exits: one.exits + other.exits)
  }

  public static func - (after: VirtualCPUStats, before: VirtualCPUStats) -> VirtualCPUStats {
    VirtualCPUStats(
      faultsTaken: after.faultsTaken - before.faultsTaken,
      faultsFixed: after.faultsFixed - before.faultsFixed, exits: after.exits - before.exits)
  }
}

/// Reads a vCPU's stats; the offsets are looked up once.
struct StatsReader: ~Copyable {
  private let descriptor: OwnedDescriptor
  private let taken: Int64
  private let fixed: Int64
  private let exits: Int64

  private init(_ descriptor: consuming OwnedDescriptor, taken: Int64, fixed: Int64, exits: Int64) {
    self.descriptor = descriptor
    self.taken = taken
    self.fixed = fixed
    self.exits = exits
  }

  static func open(_ vcpu: borrowing OwnedDescriptor) throws(Refusal) -> StatsReader {
    let stats = try OwnedDescriptor(ckernel_stats_open(vcpu.number), from: "KVM_GET_STATS_FD")
    let taken = try offset(of: "pf_taken", in: stats)
    let fixed = try offset(of: "pf_fixed", in: stats)
    let exits = try offset(of: "exits", in: stats)
    return StatsReader(stats, taken: taken, fixed: fixed, exits: exits)
  }

  private static func offset(of name: String, in stats: borrowing OwnedDescriptor) throws(Refusal) -> Int64 {
    let offset = ckernel_stats_offset(stats.number, name)
    guard offset >= 0 else {
      throw .unsupported("KVM's binary stats have no \(name)", remedy: "Linux 5.14 or later")
    }
    return offset
  }

  func read() throws(Refusal) -> VirtualCPUStats {
    VirtualCPUStats(
      faultsTaken: try value(taken), faultsFixed: try value(fixed), exits: try value(exits))
  }

  private func value(_ offset: Int64) throws(Refusal) -> UInt64 {
    var value: UInt64 = 0
    try check(ckernel_stats_read(descriptor.number, offset, &value), "reading KVM's stats")
    return value
  }

  consuming func release() -> Int32 { descriptor.release() }
}

/// What KVM keeps of one vCPU: descriptor, kvm_run and stats.
struct VirtualCPUState: ~Copyable {
  let descriptor: OwnedDescriptor
  private let mapping: Region
  private let stats: StatsReader

  /// Vcpu `number` of a machine, in the mode that the program runs in.
  init(
    _ kvm: borrowing KVMDevice, in machine: borrowing VirtualMachine, number: Int, guest: ckernel_guest
  ) throws(Refusal) {
    var guest = guest
    let descriptor = try OwnedDescriptor(
      ckernel_vcpu_create(kvm.descriptor.number, machine.descriptor.number, UInt(number)),
      from: "KVM_CREATE_VCPU")
    var run: UnsafeMutablePointer<kvm_run>?
    var bytes = 0
    try check(ckernel_vcpu_map(kvm.descriptor.number, descriptor.number, &run, &bytes), "mmap of the vCPU")
    guard let run else { throw .failed("the vCPU has no kvm_run") }
    let mapping = Region(adopting: run, bytes: bytes)
    try check(ckernel_vcpu_prepare(descriptor.number, &guest), "setting the vCPU's mode")
    stats = try StatsReader.open(descriptor)
    self.mapping = mapping
    self.descriptor = descriptor
  }

  var run: UnsafeMutablePointer<kvm_run> { mapping.base.assumingMemoryBound(to: kvm_run.self) }

  func readStats() throws(Refusal) -> VirtualCPUStats { try stats.read() }

  consuming func release() -> (
    mapping: (base: UnsafeMutableRawPointer, bytes: Int), descriptors: [Int32]
  ) {
    (mapping.release(), [stats.release(), descriptor.release()])
  }
}

/// A vCPU with the touching program loaded and warmed up, and the memory that program needs besides the region under
/// test: page tables, code, order table, log. Entered at CPL 3 in long mode, so that it runs natively under
/// VMX, SVM and PVM alike.
public struct VirtualCPU: ~Copyable {
  private let state: VirtualCPUState
  private let scratch: Region
  private let guest: ckernel_guest
  /// Pages in the region under test.
  public let pages: Int

  /// The slot that holds the program's own memory.
  private static let scratchSlot: UInt32 = 0

  /// - Parameter order: the page to touch at each step.
  public init(
    _ kvm: borrowing KVMDevice, in machine: borrowing VirtualMachine, order: some Collection<UInt32>
  ) throws(Refusal) {
    let pages = order.count
    var guest = ckernel_guest()
    let layout = ckernel_guest_layout(UInt64(pages), &guest)
    guard layout != -ENOTSUP else { throw Self.noProgram }
    try check(layout, "preparing out a guest of \(pages) pages")
    let scratch = try Region.resident(bytes: Int(guest.scratch_bytes))
    ckernel_guest_build(&guest, UInt64(pages), scratch.base)
    try machine.addSlot(Self.scratchSlot, at: 0, memory: scratch)
    let state = try VirtualCPUState(kvm, in: machine, number: 0, guest: guest)
    let warmed = ckernel_vcpu_warm(state.descriptor.number, state.run, &guest, UInt64(pages), scratch.base)
    guard warmed != -EPROTO else {
      throw .failed("the guest program ended with KVM exit \(state.run.pointee.exit_reason)")
    }
    try check(warmed, "warming the guest up")
    let table = UnsafeMutableBufferPointer(
      start: (scratch.base + Int(guest.order)).assumingMemoryBound(to: UInt32.self), count: pages)
    _ = table.update(fromContentsOf: order)
    self.state = state
    self.scratch = scratch
    self.guest = guest
    self.pages = pages
  }

  public static let noProgram = Refusal.unsupported(
    "no guest program for this architecture yet", remedy: "x86-64, or a payload in Sources/CKernel/arch")

  /// Guest address of the region under test.
  public var regionAddress: UInt64 { guest.region_gpa }

  /// Number of the vCPU's descriptor, for calls that are timed from outside.
  public var number: Int32 { state.descriptor.number }

  public func readStats() throws(Refusal) -> VirtualCPUStats { try state.readStats() }

  /// The ticks that the guest logged, one per step of the last run.
  public var log: UnsafeBufferPointer<UInt64> {
    let start = (scratch.base + Int(guest.log)).assumingMemoryBound(to: UInt64.self)
    return UnsafeBufferPointer(start: start, count: pages)
  }

  /// Runs the program over the region under test. Returns 0 or -errno, for use inside a counted window.
  public func touchRegion(storing value: UInt8) -> Int32 {
    var guest = guest
    return ckernel_vcpu_touch(
      state.descriptor.number, state.run, &guest, guest.region_gpa, UInt64(pages), value)
  }

  /// Has KVM itself read the first page of the region under test, whose last page must have no memory behind it:
  /// results as of ckernel_vcpu_emulate.
  public func emulateInRegion(storing value: UInt8) -> Int32 {
    var guest = guest
    let last = guest.region_gpa + UInt64(pages - 1) << 12
    return ckernel_vcpu_emulate(
      state.descriptor.number, state.run, &guest, guest.region_gpa, last, value)
  }

  /// What ended the last run, for a message.
  public var exitReason: UInt32 { state.run.pointee.exit_reason }

  /// The vCPU as the one that goes through the order table from `step` on.
  public func entry(from step: Int) -> VirtualCPUEntry { VirtualCPUEntry(state, guest, from: step) }

  /// Another vCPU of the machine, with the same program in the same memory; this one has warmed it up.
  public func another(
    _ kvm: borrowing KVMDevice, in machine: borrowing VirtualMachine, number: Int
  ) throws(Refusal) -> FurtherCPU {
    FurtherCPU(try VirtualCPUState(kvm, in: machine, number: number, guest: guest), guest)
  }

  /// Gives everything up: the caller unmaps and closes it.
  public consuming func release() -> (
    mappings: [(base: UnsafeMutableRawPointer, bytes: Int)], descriptors: [Int32]
  ) {
    let parts = state.release()
    return ([parts.mapping, scratch.release()], parts.descriptors)
  }
}

/// What it takes to run a vCPU from a thread of its own, which gets it for the time that its owner lives.
public struct VirtualCPUEntry {
  public let descriptor: Int32
  public let run: UnsafeMutablePointer<kvm_run>
  /// The program; order and log begin with the first step.
  public let guest: ckernel_guest

  init(_ state: borrowing VirtualCPUState, _ guest: ckernel_guest, from step: Int) {
    var guest = guest
    guest.order += UInt64(step * MemoryLayout<UInt32>.stride)
    guest.log += UInt64(step * MemoryLayout<UInt64>.stride)
    descriptor = state.descriptor.number
    run = state.run
    self.guest = guest
  }
}

/// A vCPU beside a machine's first: it has no memory of its own. A class, because an array takes no noncopyable
/// element.
public final class FurtherCPU {
  private let state: VirtualCPUState
  private let guest: ckernel_guest

  init(_ state: consuming VirtualCPUState, _ guest: ckernel_guest) {
    self.state = state
    self.guest = guest
  }

  /// As of ``VirtualCPU/entry(from:)``.
  public func entry(from step: Int) -> VirtualCPUEntry { VirtualCPUEntry(state, guest, from: step) }

  public func readStats() throws(Refusal) -> VirtualCPUStats { try state.readStats() }
}
