// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine

/// Files of /proc and /sys as another machine showed them, in a temporary folder that goes with its owner.
public struct RecordedTree: ~Copyable {
  public let files: SystemFiles

  public init(_ contents: [String: String]) {
    var template = Array("/tmp/gmembench-tree-XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else { fatalError("mkdtemp: errno \(errno)") }
    files = SystemFiles(root: String(cString: path))
    for (path, text) in contents { write(path, text) }
  }

  deinit { Self.remove(files.root) }

  /// Writes the file, with its folders; over an older one in place, so that an open file sees it.
  public func write(_ path: String, _ text: String) {
    let parts = path.split(separator: "/")
    for depth in 1..<parts.count {
      mkdir(files.root + "/" + parts.prefix(depth).joined(separator: "/"), 0o755)
    }
    let file = open(files.root + path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let written = text.utf8CString.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count - 1) }
    guard written == text.utf8.count, close(file) == 0 else {
      fatalError("cannot write \(path): errno \(errno)")
    }
  }

  private static func remove(_ path: String) {
    for name in SystemFiles().names(in: path) ?? [] { remove(path + "/" + name) }
    Glibc.remove(path)
  }
}
