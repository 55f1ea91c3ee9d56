// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import SystemPackage

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
}
