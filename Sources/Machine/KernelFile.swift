// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// A file of the kernel's, open for reading; closed when its owner goes.
public struct KernelFile: ~Copyable {
  public let number: Int32

  public init(_ path: String) throws(Errno) {
    number = open(path, O_RDONLY | O_CLOEXEC)
    if number < 0 { throw Errno(rawValue: errno) }
  }

  deinit { _ = close(number) }

  /// Bytes read, 0 at the end, negative on failure. A seq_file hands out about a page at a time: loop.
  func read(into buffer: UnsafeMutableRawBufferPointer, offset: Int) -> Int {
    while true {
      let got = pread(number, buffer.baseAddress, buffer.count, off_t(offset))
      if got >= 0 || errno != EINTR { return got }
    }
  }
}
