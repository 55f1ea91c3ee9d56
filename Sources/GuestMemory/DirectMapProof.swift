// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model
import SystemPackage

/// What one page of user memory shows about the kernel's direct map, without privilege: get_user_pages
/// refuses pages that have left it.
public enum DirectMapState: Hashable, Sendable {
  case kept
  case removed

  /// Asks by MADV_POPULATE_WRITE (EINVAL where removed); on kernels that lack it, by process_vm_readv
  /// (EFAULT where removed). The region's first page is populated or touched by it.
  public static func observe(_ region: borrowing Region) throws(Refusal) -> DirectMapState {
    let page = Int(getpagesize())
    if populateIsKnown() {
      switch ckernel_madvise(region.base, page, MADV_POPULATE_WRITE) {
      case 0: return .kept
      case -EINVAL: return .removed
      case let result: throw .failed(call: "MADV_POPULATE_WRITE", Errno(rawValue: -result))
      }
    }
    try check(ckernel_touch(region.base, page, 1), "touching the page")
    var byte: UInt8 = 0
    switch ckernel_gup_read(region.base, &byte, 1) {
    case 0: return .kept
    case -EFAULT: return .removed
    case let result: throw .failed(call: "process_vm_readv", Errno(rawValue: -result))
    }
  }

  /// The positive control: EINVAL means "removed" only where ordinary memory can be populated.
  private static func populateIsKnown() -> Bool {
    guard let control = try? Region.anonymous(bytes: Int(getpagesize())) else { return false }
    return ckernel_madvise(control.base, control.bytes, MADV_POPULATE_WRITE) == 0
  }

  /// Refuses an arm that is not what its name says.
  public static func prove(_ backing: Backing, on region: borrowing Region) throws(Refusal) {
    let expected: DirectMapState = backing.removesDirectMap ? .removed : .kept
    let seen = try observe(region)
    guard seen == expected else {
      throw .failed(
        "\(backing.rawValue) should have its direct map \(expected), but get_user_pages shows it \(seen)",
        remedy: "check --abi: another dialect of the flag gives another meaning to the same bits")
    }
  }
}
