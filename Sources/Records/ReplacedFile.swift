// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage

/// A file whose whole content changes at once: a reader, and a kill at any moment, finds the old text or the new.
struct ReplacedFile {
  /// As the user named it.
  let path: String
  /// Where it really is: replacing a symbolic link by a file would cut it off from what it names.
  private let target: String
  private var temporary: String { "\(target).\(getpid()).tmp" }

  /// Nil where something stands at the path that cannot be replaced but written to: a device, a pipe. Tries to
  /// create the temporary file, so that a place which refuses does so before anything is measured; what stands at
  /// the path is left alone until the first replacement.
  init?(_ path: String) throws(SinkFailure) {
    self.path = path
    if let mode = Files.mode(of: path) {
      if Files.isDirectory(mode) { throw Files.failure(path, .isDirectory) }
      guard Files.isRegular(mode) else { return nil }
      // Renaming asks for leave from the directory alone: a file marked read-only is to be kept.
      guard access(path, W_OK) == 0 else { throw Files.failure(path, Errno(rawValue: errno)) }
    }
    if let resolved = realpath(path, nil) {
      target = String(cString: resolved)
      free(resolved)
    } else {
      target = path
    }
    do {
      try Files.open(temporary, creating: .exclusiveCreate).close()
    } catch let failure as SinkFailure {
      throw SinkFailure(failure.description.replacingPrefix(temporary, by: path))
    } catch {
      throw Files.failure(path, error as? Errno ?? .ioError)
    }
    unlink(temporary)
  }

  /// Replaces the content; on failure the old one stands and nothing else is left.
  func replace(
    with bytes: [UInt8], write: Write = Files.write(_:to:path:)
  ) throws(SinkFailure) {
    let descriptor: FileDescriptor
    do {
      descriptor = try Files.open(temporary, creating: .truncate)
    } catch {
      throw SinkFailure(error.description.replacingPrefix(temporary, by: path))
    }
    do throws(SinkFailure) {
      try write(bytes, descriptor, path)
      try Files.synchronize(descriptor, path: path)
      try? descriptor.close()
    } catch {
      try? descriptor.close()
      unlink(temporary)
      throw error
    }
    guard rename(temporary, target) == 0 else {
      let error = Errno(rawValue: errno)
      unlink(temporary)
      throw Files.failure(path, error)
    }
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, by other: String) -> String {
    hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
  }
}
