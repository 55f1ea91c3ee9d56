// SPDX-License-Identifier: Apache-2.0
import CKernel
import SystemPackage

/// A file of the kernel's, open for reading; closed when its owner goes.
public struct KernelFile: ~Copyable {
  public let number: Int32

  public init(_ path: String) throws(Errno) {
    number = ckernel_file_open(path)
    if number < 0 { throw Errno(rawValue: -number) }
  }

  deinit { try? FileDescriptor(rawValue: number).close() }
}
