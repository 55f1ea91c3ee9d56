// SPDX-License-Identifier: Apache-2.0
import CKernel
import Model
import SystemPackage

/// What /proc/self/pagemap says of one page.
public enum PagemapEntry: Hashable, Sendable {
  /// No page is mapped there (or it is swapped out).
  case absent
  /// A page is mapped, but the kernel hides its frame: that needs CAP_SYS_ADMIN.
  case hidden
  case frame(UInt64)

  /// Bit 63: present; bits 0 to 54: the frame, zero without the right to see it.
  public init(_ entry: UInt64) {
    let frame = entry & (1 << 55 - 1)
    self = entry >> 63 == 0 ? .absent : frame == 0 ? .hidden : .frame(frame)
  }
}

/// /proc/self/pagemap, open.
public struct Pagemap: ~Copyable {
  private let file: KernelFile
  private let pageBytes: Int

  public init(pageBytes: Int) throws(Refusal) {
    do throws(Errno) { file = try KernelFile("/proc/self/pagemap") } catch {
      throw Refusal.unsupported("/proc/self/pagemap: \(error)", remedy: "CONFIG_PROC_PAGE_MONITOR=y, as root")
    }
    self.pageBytes = pageBytes
  }

  /// The frame behind a page of this process that has been touched.
  public func frame(of address: UnsafeRawPointer) throws(Refusal) -> UInt64 {
    var entry: UInt64 = 0
    let result = ckernel_pagemap_entry(file.number, address, pageBytes, &entry)
    guard result == 0 else {
      throw Refusal.unsupported("/proc/self/pagemap: \(Errno(rawValue: -result))")
    }
    switch PagemapEntry(entry) {
    case .frame(let frame): return frame
    case .hidden: throw Refusal.unsupported("/proc/self/pagemap hides frames", remedy: "run as root")
    case .absent: throw Refusal.unsupported("/proc/self/pagemap shows no page where one was touched")
    }
  }
}
