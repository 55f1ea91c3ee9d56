// SPDX-License-Identifier: Apache-2.0
import CKernel
import Model

/// Where each change of the machine that must be put back is written down before it is made, so that it is undone
/// whatever ends the process (`ckernel/restore.h`).
public enum Journal {
  /// Where journals lie. Gone with a reboot, as every change is.
  private static let folder = "/run/gmembench"

  /// Has a journal kept from the first change on, and a guardian started of `program` to watch over it.
  public static func keep(program: String) { ckernel_restore_keep(folder, program) }

  /// Undoes what a killed run left behind where its guardian was killed too; nil where there was nothing.
  public static func recover() -> Finding? {
    var last = [CChar](repeating: 0, count: Int(CKERNEL_RESTORE_PATH_BYTES))
    let count = ckernel_restore_recover(folder, &last)
    guard count > 0 else { return nil }
    let path = String(decoding: last.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Finding(
      .warning,
      "an earlier run was killed and left \(count == 1 ? "one change" : "\(count) changes") of this machine, now undone "
        + "(\(path))")
  }

  /// What the guardian itself does: waits until the process that keeps this journal is gone, and undoes what it left.
  public static func serveGuardian(_ path: String) { _ = ckernel_guardian_main(path) }
}
