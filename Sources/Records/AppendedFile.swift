// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage

/// A file that grows by whole lines: a kill leaves what was appended so far, and a full disk does not leave half
/// a line behind.
final class AppendedFile {
  let path: String
  private let descriptor: FileDescriptor
  private let isOwned: Bool
  private let write: Write
  /// Length so far; nil where it cannot be cut back (a pipe, a terminal, standard output).
  private var length: Int?

  /// Empties the file, or creates it, and writes the header.
  init(
    path: String, options: FileDescriptor.OpenOptions = .truncate, header: [UInt8],
    write: @escaping Write = Files.write(_:to:path:)
  ) throws(SinkFailure) {
    self.path = path
    self.write = write
    descriptor = try Files.open(path, creating: options)
    isOwned = true
    if let mode = Files.mode(of: path), Files.isRegular(mode) { length = 0 }
    try append(header)
  }

  /// Standard output, which stays open.
  init(standardOutput header: [UInt8]) throws(SinkFailure) {
    path = "standard output"
    write = Files.write(_:to:path:)
    descriptor = .standardOutput
    isOwned = false
    if !header.isEmpty { try append(header) }
  }

  deinit {
    if isOwned { try? descriptor.close() }
  }

  /// All of it or nothing. In one call, so that a kill between calls cannot split it; not synchronised, since
  /// waiting for a disk would disturb what is measured next.
  func append(_ bytes: [UInt8]) throws(SinkFailure) {
    do {
      try write(bytes, descriptor, path)
    } catch {
      if let length, ftruncate(descriptor.rawValue, length) == 0 {
        _ = lseek(descriptor.rawValue, length, SEEK_SET)
      }
      throw error
    }
    if let before = length { length = before + bytes.count }
  }

  /// To the disk.
  func synchronize() throws(SinkFailure) {
    guard length != nil else { return }
    try Files.synchronize(descriptor, path: path)
  }
}
