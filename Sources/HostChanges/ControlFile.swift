// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// A control file that is kept open for reading and writing, and closed when its owner goes.
struct ControlFile: ~Copyable {
  let descriptor: Int32

  init(_ path: String) throws(Errno) {
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    if descriptor < 0 { throw Errno(rawValue: errno) }
  }

  deinit { close(descriptor) }
}
