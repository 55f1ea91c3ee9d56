// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The file that a database is in, as it is before SQLite sees it.
enum DatabaseFile {
  /// `gmbh` in the header says whose database it is.
  static let applicationID: Int32 = 0x676D_6268

  enum Content: Equatable {
    case absent
    case ours
    /// Not to be touched, and what it is.
    case foreign(String)
  }

  /// Which file stands at a path: a rebuilt database is another one.
  struct Identity: Equatable {
    private let device: dev_t
    private let inode: ino_t

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      (device, inode) = (status.st_dev, status.st_ino)
    }
  }

  /// The path of the file itself where a symbolic link names it.
  static func target(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Tells by the header alone.
  static func content(_ path: String) throws(HistoryFailure) -> Content {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return .absent }
      throw HistoryFailure("\(path): \(reason()); give --database a place that you may read and write")
    }
    defer { close(file) }
    var header = [UInt8](repeating: 0, count: 100)
    let count = pread(file, &header, header.count, 0)
    guard count >= 0 else { return .foreign(reason()) }
    guard count > 0 else { return .foreign("an empty file") }
    guard count == header.count, header.starts(with: Array("SQLite format 3\0".utf8)) else {
      return .foreign("no SQLite database")
    }
    let identity = header[68..<72].reduce(Int32(0)) { $0 << 8 | Int32($1) }
    return identity == applicationID ? .ours : .foreign("a database of another program")
  }

  /// Puts a file in a place where nothing stands.
  ///
  /// - Returns: whether it did; false where something stands there by now.
  static func publish(_ temporary: String, as path: String) throws(HistoryFailure) -> Bool {
    defer { unlink(temporary) }
    if link(temporary, path) == 0 { return true }
    guard errno == EEXIST else { throw HistoryFailure("\(path): \(reason())") }
    return false
  }

  /// What errno says.
  static func reason() -> String { String(cString: strerror(errno)) }
}
