// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage

/// Where one format goes.
public enum Destination: Hashable, Sendable {
  case file(String)
  case standardOutput

  /// A path as the user gave it; `-` is standard output.
  public init(_ text: String) { self = text == "-" ? .standardOutput : .file(text) }

  /// Writes a file as a whole or not at all.
  public func write(_ bytes: [UInt8]) throws(SinkFailure) {
    switch self {
    case .standardOutput: _ = try AppendedFile(standardOutput: bytes)
    case .file(let path):
      if let file = try ReplacedFile(path) {
        try file.replace(with: bytes)
      } else {
        _ = try AppendedFile(path: path, header: bytes)
      }
    }
  }
}

/// How bytes get into a descriptor: a seam, so that a test can fill a disk half way through a line.
typealias Write = ([UInt8], FileDescriptor, _ path: String) throws(SinkFailure) -> Void

/// The little that writing results needs of the file system. A failure names the path, strerror and a remedy.
enum Files {
  static func failure(_ path: String, _ error: Errno) -> SinkFailure {
    let remedy: String? =
      switch error {
      case .noSpace, .diskQuotaExceeded: "free some space, or write elsewhere"
      case .permissionDenied, .notPermitted, .readOnlyFileSystem: "choose a place that you may write to"
      case .brokenPipe: "what read the output went away"
      case .noSuchFileOrDirectory: "create the directory \(parent(of: path)) first"
      case .notDirectory: "a file stands where a directory should"
      case .isDirectory: "name a file, not a directory"
      default: nil
      }
    return SinkFailure("\(path): \(error)" + (remedy.map { " (\($0))" } ?? ""))
  }

  static func parent(of path: String) -> String {
    let parent = FilePath(path).removingLastComponent().string
    return parent.isEmpty ? "." : parent
  }

  /// What stands at a path; nil where nothing does.
  static func mode(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode : nil
  }

  /// The same, of a symbolic link itself.
  static func modeOfLink(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : nil
  }

  /// What is in a directory, in the order of the names' bytes.
  static func names(in path: String) throws(SinkFailure) -> [String] {
    guard let directory = opendir(path) else { throw SinkFailure("\(path): \(Errno(rawValue: errno))") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func isDirectory(_ mode: mode_t) -> Bool { mode & S_IFMT == S_IFDIR }
  static func isRegular(_ mode: mode_t) -> Bool { mode & S_IFMT == S_IFREG }

  static func open(_ path: String, creating options: FileDescriptor.OpenOptions) throws(SinkFailure)
    -> FileDescriptor
  {
    do {
      return try FileDescriptor.open(
        FilePath(path), .writeOnly, options: options.union([.create, .closeOnExec]),
        permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
    } catch {
      throw failure(path, error as? Errno ?? .ioError)
    }
  }

  /// Writes all of it, in one call where the kernel takes it in one.
  static func write(_ bytes: [UInt8], to descriptor: FileDescriptor, path: String) throws(SinkFailure) {
    do {
      try descriptor.writeAll(bytes)
    } catch {
      throw failure(path, error as? Errno ?? .ioError)
    }
  }

  /// To the disk. A pipe or a terminal has none.
  static func synchronize(_ descriptor: FileDescriptor, path: String) throws(SinkFailure) {
    guard fsync(descriptor.rawValue) != 0 else { return }
    let error = Errno(rawValue: errno)
    if error != .invalidArgument && error != .notSupported && error != .readOnlyFileSystem {
      throw failure(path, error)
    }
  }

  static func open(reading path: String) throws(SinkFailure) -> FileDescriptor {
    do {
      return try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
    } catch {
      throw SinkFailure("\(path): \(error as? Errno ?? .ioError)")
    }
  }

  /// The whole of a file.
  static func read(_ path: String) throws(SinkFailure) -> [UInt8] {
    let descriptor = try open(reading: path)
    do {
      return try descriptor.closeAfter {
        var bytes: [UInt8] = []
        while true {
          let chunk = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
          }
          if chunk.isEmpty { return bytes }
          bytes += chunk
        }
      }
    } catch {
      throw SinkFailure("\(path): \(error as? Errno ?? .ioError)")
    }
  }
}
