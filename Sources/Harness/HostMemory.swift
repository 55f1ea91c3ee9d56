// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Machine
import Model

/// Memory that a hypervisor has not backed yet: its first touch costs the host a fault, which is none of the kernel's
/// under test.
public enum HostMemory {
  private static let mostBytes = 4 << 30

  /// Touches memory of this virtual machine and gives it back, so that the hypervisor has backed it: a quarter of what
  /// is available, and no more than 4 GiB. Nobody can choose frames: later blocks may get others.
  ///
  /// - Returns: what was done; nil where there is no hypervisor.
  public static func back(_ fingerprint: Fingerprint) throws(Refusal) -> Finding? {
    guard fingerprint.hypervisor != "none" else { return nil }
    let available = [availableMemory(), Quota.memoryLeft()].compactMap(\.self).min() ?? 0
    let bytes = Int(min(available / 4, Int64(mostBytes))) / hugePageBytes * hugePageBytes
    guard bytes > 0 else { return nil }
    let region = try Region.anonymousHuge(bytes: bytes)
    let pageBytes = Int(getpagesize())
    try check(ckernel_touch(region.base, pageBytes, bytes / pageBytes), "touching memory for the hypervisor")
    return Finding(
      .note,
      "\(bytes >> 20) MiB of memory were touched and given back before the run, so that the hypervisor has backed "
        + "them; frames_new in blocks.csv says how many frames of a block were new all the same (to root)")
  }
}
