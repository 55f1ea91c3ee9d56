// SPDX-License-Identifier: Apache-2.0
import CNuma
import Glibc
public import SystemPackage

/// Where the kernel places the calling task's pages. A task policy serves every backing, whereas mbind is
/// ignored by memfd_secret and, before 6.19, by guest_memfd.
public enum MemoryPolicy {
  /// `set_mempolicy(MPOL_PREFERRED)`: pages that the task faults in come from this node as long as it has any. From a
  /// full one they come from elsewhere, which whoever asks for their placement sees; MPOL_BIND would call the OOM
  /// killer instead. EPERM or ENOSYS where a sandbox refuses the call, EINVAL for a node that is not allowed.
  public static func prefer(node: Int) throws(Errno) {
    guard node >= 0, node < 65_536 else { throw .invalidArgument }
    var mask = [UInt](repeating: 0, count: node / UInt.bitWidth + 1)
    mask[node / UInt.bitWidth] = 1 << UInt(node % UInt.bitWidth)
    // The kernel looks at one bit fewer than it is told.
    guard set_mempolicy(MPOL_PREFERRED, mask, UInt(mask.count * UInt.bitWidth + 1)) == 0 else {
      throw Errno(rawValue: errno)
    }
  }

  /// Back to the default policy (local node). Where the call is refused there was nothing to undo.
  public static func reset() { _ = set_mempolicy(MPOL_DEFAULT, nil, 0) }

  /// The node of each of `count` pages from `base` on, or that page's negative errno (-ENOENT: this process
  /// has not mapped it), by `move_pages` with no target nodes, which moves nothing. Nil when the call itself
  /// is refused, as container runtimes do without CAP_SYS_NICE.
  ///
  /// - Parameter process: whose pages; 0 for this one's.
  public static func nodes(
    of base: UnsafeMutableRawPointer, in process: Int32 = 0, pageBytes: Int, count: Int
  ) -> [Int32]? {
    guard pageBytes > 0, count >= 0 else { return nil }
    var status = [Int32](repeating: -ENODATA, count: count)
    // In pieces, so that the list of addresses stays small beside the region.
    let piece = 4_096
    var pages = [UnsafeMutableRawPointer?](repeating: nil, count: min(piece, count))
    var start = 0
    while start < count {
      let size = min(piece, count - start)
      for page in 0..<size { pages[page] = base + (start + page) * pageBytes }
      let result = status.withUnsafeMutableBufferPointer { all in
        move_pages(process, UInt(size), &pages, nil, all.baseAddress.map { $0 + start }, 0)
      }
      if result != 0 { return nil }
      start += size
    }
    return status
  }

  /// Whether the kernel answers the NUMA system calls at all, from calls that change nothing.
  static func isAnswered() -> Bool {
    var mode: Int32 = 0
    guard get_mempolicy(&mode, nil, 0, nil, 0) == 0 else { return false }
    var probe = 0
    return withUnsafeMutableBytes(of: &probe) { bytes in
      bytes.baseAddress.map { nodes(of: $0, pageBytes: 1, count: 1) != nil } ?? false
    }
  }
}
