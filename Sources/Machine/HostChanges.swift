// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model
import SystemPackage

/// Everything that changes the machine (CPUs offline, the flush's switch, probes) goes through `ckernel/restore.h`: it is
/// undone whatever ends the process.
public enum HostChanges {
  /// Where journals lie. Gone with a reboot, as every change is.
  private static let folder = "/run/gmembench"

  /// Has a journal kept from the first change on, and `program guardian` started to watch over it.
  public static func keepJournal(program: String) { ckernel_restore_keep(folder, program) }

  /// Undoes what a killed run left behind where its guardian was killed too; nil where there was nothing.
  public static func recover() -> Finding? {
    var last = [CChar](repeating: 0, count: Int(CKERNEL_RESTORE_PATH_BYTES))
    let count = ckernel_restore_recover(folder, &last)
    guard count > 0 else { return nil }
    let path = String(decoding: last.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Finding(
      .note,
      "an earlier run was killed and left \(count == 1 ? "one change" : "\(count) changes") of this machine, now undone "
        + "(\(path))")
  }
}

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

extension SystemFiles {
  /// Writes to a file that exists, in one call, as control files want it.
  func write(_ text: String, to path: String) throws(Errno) {
    let descriptor = open(root + path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    let written = text.utf8CString.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count - 1) }
    if written < 0 { throw Errno(rawValue: errno) }
    guard written == text.utf8.count else { throw .ioError }
  }

  /// Empties a file that exists: of a trace, what was recorded.
  func empty(_ path: String) throws(Errno) {
    let descriptor = open(root + path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    close(descriptor)
  }

  /// Why a file cannot be written to, if it cannot; nothing is written.
  func writeRefusal(_ path: String) -> Errno? {
    let descriptor = open(root + path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return Errno(rawValue: errno) }
    close(descriptor)
    return nil
  }

  /// Whether `text` occurs in a text file; of a long one, no more is read than that takes.
  func contains(_ text: String, in path: String) -> Bool {
    guard let file = OpenFile(root + path) else { return false }
    var read: [CChar] = []
    var chunk = [CChar](repeating: 0, count: 65_536)
    var offset = 0
    while true {
      let got = chunk.withUnsafeMutableBytes { file.read(into: $0, offset: offset) }
      if got <= 0 { return false }
      offset += got
      // What straddles two readings begins in the last bytes of the first.
      read = read.suffix(text.utf8.count) + chunk[..<got]
      if strstr(read + [0], text) != nil { return true }
    }
  }
}
