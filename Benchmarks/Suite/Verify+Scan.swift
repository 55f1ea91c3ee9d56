// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import HostChanges
import Model
import SystemPackage

/// Frames that no user mapping names, and the flush.
extension Verify {
  /// The frames of all RAM that the kernel cannot read; nil where scans are not wanted or cannot be had.
  func scan() throws(Refusal) -> Set<UInt64>? {
    guard case .success = ram else { return nil }
    return try missing()
  }

  /// The same, or why there is no scan.
  private func missing() throws(Refusal) -> Set<UInt64> {
    let ranges = try ram.get()
    let missing: Set<UInt64>
    do throws(Errno) { missing = try sight.unreadable(in: ranges) { Runner.isInterrupted } } catch {
      throw .failed(call: "scanning all RAM through \(sight.name)", error)
    }
    // Half a scan would look like frames that came back.
    guard !Runner.isInterrupted else { throw .unsupported("interrupted") }
    return missing
  }

  /// Private memory: only a guest reaches it, so its frames are those that a scan newly misses.
  func lookAtGuest(_ measured: Case) throws(Refusal) -> [DirectMapLook] {
    _ = try ram.get()
    if let refusal = GuestFault.needsGuest(measured, context) { throw refusal }
    let capabilities = try context.kvm.capabilities.get()
    let pageBytes = context.pageBytes
    // The half that is pre-faulted is the half that is punched: its frames are known apart from the others.
    let half = capabilities.hasPreFault ? (measured.pages + 1) / 2 : 0
    var looks: [DirectMapLook] = []
    let before = try missing()
    let guest = try Guest.make(measured, context)
    let number = Self.descriptor(of: guest)
    try check(ckernel_allocate(number, 0, UInt64(measured.pages * pageBytes)), "fallocate")
    let allocated = try missing().subtracting(before)
    looks.append(DirectMapLook(.allocated, frames: measured.pages, gone: allocated.count))
    var first: Set<UInt64> = []
    if half > 0 {
      let result = ckernel_pre_fault(guest.vcpu.number, guest.vcpu.regionAddress, UInt64(half * pageBytes))
      try check(result, "KVM_PRE_FAULT_MEMORY")
      first = try missing().subtracting(before)
      // Where fallocate removes, all are gone already, and the halves cannot be told apart.
      if allocated.isEmpty { looks.append(DirectMapLook(.preFaulted, frames: half, gone: first.count)) }
    }
    try guest.touch()
    let all = try missing().subtracting(before)
    looks.append(DirectMapLook(.faulted, frames: measured.pages, gone: all.count))
    try guest.deleteSlot()
    looks.append(
      DirectMapLook(.unmapped, frames: measured.pages, gone: try missing().intersection(all).count))
    let isPunched = half > 0 && allocated.isEmpty
    if isPunched {
      try check(ckernel_punch_hole(number, 0, UInt64(half * pageBytes)), "fallocate(PUNCH_HOLE)")
      looks.append(DirectMapLook(.punched, frames: half, gone: try missing().intersection(first).count))
    }
    Self.end(guest)
    let rest = isPunched ? all.subtracting(first) : all
    let count = isPunched ? measured.pages - half : measured.pages
    looks.append(DirectMapLook(.closed, frames: count, gone: try missing().intersection(rest).count))
    return looks
  }

  private static func descriptor(of guest: borrowing Guest) -> Int32 {
    switch guest.file {
    case .some(let file): file.descriptor.number
    case .none: -1
    }
  }

  /// The VM and its memory go with the last reference.
  private static func end(_ guest: consuming Guest) {}

  /// Faults one page after another and looks at each at once, with the flush on and off.
  func lookAtFlush(_ backing: Backing) throws(Refusal) -> [FlushLook] {
    let measured = region(of: backing)
    _ = try Catalogue.available(backing, bytes: measured.pages * context.pageBytes, context)
    try FlushSwitch.check()
    var looks: [FlushLook] = []
    for isOn in [true, false] {
      let held = try FlushSwitch.holding(isOn)
      let result = Result { () throws(Refusal) in try readableAtOnce(measured) }
      try held.restore()
      looks.append(FlushLook(isOn: isOn, frames: measured.pages, readable: try result.get()))
    }
    return looks
  }

  private func readableAtOnce(_ measured: Case) throws(Refusal) -> Int {
    let subject = try BlockMemory(measured, context)
    let base = try subject.base
    var page = measured
    page.pages = 1
    var readable = 0
    for index in 0..<measured.pages {
      let address = base + index * context.pageBytes
      try context.touchAll(address, page)
      let frame = try stampPage(address, index)
      if try sighting(of: frame, page: index) == .readable { readable += 1 }
    }
    return readable
  }
}
