// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model
import SystemPackage

/// A mapping that unmaps itself.
public struct Region: ~Copyable {
  public let base: UnsafeMutableRawPointer
  public let bytes: Int

  private init(base: UnsafeMutableRawPointer, bytes: Int) {
    self.base = base
    self.bytes = bytes
  }

  deinit { munmap(base, bytes) }

  /// Takes over a mapping made elsewhere.
  public init(adopting base: UnsafeMutableRawPointer, bytes: Int) {
    self.init(base: base, bytes: bytes)
  }

  /// Shared, readable and writable, in 4 KiB pages as far as the kernel lets a mapping choose.
  ///
  /// - Parameter aligned: to what a page-table page maps, so that no other mapping shares its page-table pages.
  public static func mapping(_ file: borrowing MemoryFile, aligned: Bool = false) throws(Refusal) -> Region {
    let region = try map(
      file.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor.number, aligned: aligned,
      call: "mmap of the file")
    try region.refuseHugePages()
    return region
  }

  /// A kernel without transparent huge pages answers EINVAL, and has none to refuse.
  private func refuseHugePages() throws(Refusal) {
    let result = ckernel_madvise(base, bytes, MADV_NOHUGEPAGE)
    if result != -EINVAL { try check(result, "madvise(MADV_NOHUGEPAGE)") }
  }

  /// Private anonymous memory in 4 KiB pages, not populated.
  ///
  /// - Parameter aligned: as of ``mapping(_:aligned:)``.
  public static func anonymous(bytes: Int, aligned: Bool = false) throws(Refusal) -> Region {
    let region = try map(
      bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, aligned: aligned, call: "mmap")
    try region.refuseHugePages()
    return region
  }

  /// Private anonymous memory, aligned for and advised to use huge pages, not populated.
  public static func anonymousHuge(bytes: Int) throws(Refusal) -> Region {
    let region = try map(
      bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, aligned: true, call: "mmap")
    try check(ckernel_madvise(region.base, bytes, MADV_HUGEPAGE), "madvise(MADV_HUGEPAGE)")
    return region
  }

  /// Memory of the tool's own: every page present before it is used, so that no use faults.
  public static func resident(bytes: Int) throws(Refusal) -> Region {
    let region = try anonymous(bytes: bytes)
    memset(region.base, 0, bytes)
    return region
  }

  /// Addresses with nothing behind them: no access, no pages.
  public static func reserved(bytes: Int) throws(Refusal) -> Region {
    try map(bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, call: "mmap(PROT_NONE)")
  }

  private static func map(
    _ bytes: Int, _ protection: Int32, _ flags: Int32, _ descriptor: Int32, aligned: Bool = false,
    call: String
  ) throws(Refusal) -> Region {
    // In the place of addresses that are reserved, because mmap aligns to pages alone.
    let place = aligned ? try reservedAligned(bytes: bytes).release().base : nil
    let flags = aligned ? flags | MAP_FIXED : flags
    guard let base = mmap(place, bytes, protection, flags, descriptor, 0), base != MAP_FAILED else {
      let error = Errno(rawValue: errno)
      if let place { munmap(place, bytes) }
      throw .failed(call: call, error)
    }
    return Region(base: base, bytes: bytes)
  }

  private static func reservedAligned(bytes: Int) throws(Refusal) -> Region {
    let (start, length) = try reserved(bytes: bytes + hugePageBytes).release()
    let skip = (hugePageBytes - Int(bitPattern: start) % hugePageBytes) % hugePageBytes
    if skip > 0 { munmap(start, skip) }
    let rest = length - skip - bytes
    if rest > 0 { munmap(start + skip + bytes, rest) }
    return Region(base: start + skip, bytes: bytes)
  }

  /// Gives the mapping up: the caller unmaps it.
  public consuming func release() -> (base: UnsafeMutableRawPointer, bytes: Int) {
    let result = (base, bytes)
    discard self
    return result
  }
}
