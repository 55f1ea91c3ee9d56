// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import HostChanges
import Model
import SystemPackage

/// Frames that no user mapping names, and the flush.
extension DirectMapVerifier {
  /// The frames of all RAM that the kernel cannot read; nil where scans are not wanted or cannot be had.
  func scan() throws(Refusal) -> Set<UInt64>? {
    guard case .success = ram else { return nil }
    return try missing()
  }

  /// The same, or why there is no scan.
  private func missing() throws(Refusal) -> Set<UInt64> {
    let ranges = try ram.get()
    let missing: Set<UInt64>
    do throws(Errno) { missing = try reader.unreadable(in: ranges) { context.isInterrupted } } catch {
      throw .failed(call: "scanning all RAM through \(reader.name)", error)
    }
    // Half a scan would look like frames that came back.
    guard !context.isInterrupted else { throw .unsupported("interrupted") }
    return missing
  }

  /// Private memory: only a guest reaches it, so its frames are those that a scan newly misses.
  func observePrivate(_ backing: Backing) throws(Refusal) -> [DirectMapObservation] {
    _ = try ram.get()
    if let refusal = Guest.refusal(of: backing, context.kvm) { throw refusal }
    let capabilities = try context.kvm.capabilities.get()
    let pageBytes = context.pageBytes
    let pages = pages(of: backing)
    // The half that is pre-faulted is the half that is punched: its frames are known apart from the others.
    let half = capabilities.hasPreFault ? (pages + 1) / 2 : 0
    var seen: [DirectMapObservation] = []
    let before = try missing()
    let guest = try Guest.make(
      backing, bytes: pages * pageBytes, order: 0..<UInt32(pages), from: context.memory)
    let number = guest.descriptor
    try check(ckernel_allocate(number, 0, UInt64(pages * pageBytes)), "fallocate")
    let allocated = try missing().subtracting(before)
    seen.append(DirectMapObservation(.allocated, frames: pages, gone: allocated.count))
    var first: Set<UInt64> = []
    if half > 0 {
      let result = ckernel_pre_fault(guest.vcpu.number, guest.vcpu.regionAddress, UInt64(half * pageBytes))
      try check(result, "KVM_PRE_FAULT_MEMORY")
      first = try missing().subtracting(before)
      // Where fallocate removes, all are gone already, and the halves cannot be told apart.
      if allocated.isEmpty { seen.append(DirectMapObservation(.preFaulted, frames: half, gone: first.count)) }
    }
    try guest.touch()
    let all = try missing().subtracting(before)
    seen.append(DirectMapObservation(.faulted, frames: pages, gone: all.count))
    try guest.deleteSlot()
    seen.append(
      DirectMapObservation(.unmapped, frames: pages, gone: try missing().intersection(all).count))
    let isPunched = half > 0 && allocated.isEmpty
    if isPunched {
      try check(ckernel_punch_hole(number, 0, UInt64(half * pageBytes)), "fallocate(PUNCH_HOLE)")
      seen.append(DirectMapObservation(.punched, frames: half, gone: try missing().intersection(first).count))
    }
    Self.end(guest)
    let rest = isPunched ? all.subtracting(first) : all
    let count = isPunched ? pages - half : pages
    seen.append(DirectMapObservation(.closed, frames: count, gone: try missing().intersection(rest).count))
    return seen
  }

  /// The VM and its memory go with the last reference.
  private static func end(_ guest: consuming Guest) {}

  /// Faults one page after another and reads each at once, with the flush on and off.
  func observeFlush(_ backing: Backing) throws(Refusal) -> [FlushObservation] {
    let pages = pages(of: backing)
    try context.require(backing, bytes: pages * context.pageBytes)
    try FlushSwitch.check()
    var seen: [FlushObservation] = []
    for isOn in [true, false] {
      let held = try FlushSwitch.holding(isOn)
      let result = Result { () throws(Refusal) in try readableAtOnce(backing, pages) }
      try held.restore()
      seen.append(FlushObservation(isOn: isOn, frames: pages, readable: try result.get()))
    }
    return seen
  }

  private func readableAtOnce(_ backing: Backing, _ pages: Int) throws(Refusal) -> Int {
    let memory = try BlockMemory(backing, bytes: pages * context.pageBytes, from: context.memory)
    let base = try memory.base
    var readable = 0
    for page in 0..<pages {
      let address = base + page * context.pageBytes
      try check(ckernel_touch(address, context.pageBytes, 1), "touching the region")
      let frame = try stampPage(address, page)
      if try state(of: frame, page: page) == .readable { readable += 1 }
    }
    return readable
  }
}
