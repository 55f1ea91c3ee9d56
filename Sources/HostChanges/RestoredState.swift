// SPDX-License-Identifier: Apache-2.0
import CKernel
import SystemPackage

/// A change to the machine that must not outlive this process: undone by its owner in the ordinary course, and whatever
/// ends the process otherwise.
struct RestoredState: ~Copyable {
  private let slot: Int32

  /// To be armed before the change is made.
  /// - Parameters:
  ///   - path: the file that takes the old state, or the folder to remove again.
  ///   - text: what the file takes; nil for a folder.
  init(_ path: String, _ text: String?) throws(Errno) {
    let bytes = Array((text ?? "").utf8)
    let result = ckernel_restore_arm(path, bytes, bytes.count)
    if result < 0 { throw Errno(rawValue: -result) }
    slot = result
  }

  deinit { ckernel_restore_disarm(slot) }
}
