// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Reads files of /proc and /sys below a root: the machine's own with the empty root, a recorded tree's in
/// a test. What cannot be read is nil, never empty.
public struct SystemFiles: Hashable, Sendable {
  /// Put before every path; no trailing slash.
  public var root: String

  public init(root: String = "") { self.root = root }

  /// False for a recorded tree: then only files speak, and neither system calls nor cpuid are asked.
  public var isLive: Bool { root.isEmpty }

  /// The whole file as text, or at least its first `limit` bytes if it is longer.
  public func text(_ path: String, limit: Int = .max) -> String? {
    guard let file = try? KernelFile(root + path) else { return nil }
    // Kernel files report a length of 0, so one reads until nothing comes.
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while bytes.count < limit {
      let got = chunk.withUnsafeMutableBytes { file.read(into: $0, offset: bytes.count) }
      if got < 0 { return nil }
      if got == 0 { break }
      bytes.append(contentsOf: chunk[..<got])
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The file without white space at its ends; nil when unreadable.
  public func line(_ path: String) -> String? { text(path)?.trimmed }

  /// The bracketed word of a file such as `always [madvise] never`; nil when there is none.
  func choice(_ path: String) -> String? {
    line(path)?.split(separator: " ").first { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) }
  }

  /// A file that holds one decimal integer; nil when it is absent or holds anything else.
  public func integer(_ path: String) -> Int? { line(path).flatMap { Int($0) } }

  /// The `name: value` or `name value kB` row of a file such as /proc/meminfo, in bytes.
  func kibibytes(_ name: String, in path: String) -> Int64? {
    text(path).flatMap { Self.kibibytes(name, inText: $0) }
  }

  static func kibibytes(_ name: String, inText text: String) -> Int64? {
    for line in text.split(separator: "\n") {
      // "MemTotal: 1 kB", or "Node 0 MemTotal: 1 kB" in a node's meminfo.
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count >= 3, words[words.count - 1] == "kB", words[words.count - 3] == name + ":" else {
        continue
      }
      return Int64(words[words.count - 2]).map { $0 * 1_024 }
    }
    return nil
  }

  /// Whether `text` occurs in a text file; of a long one, no more is read than that takes.
  public func contains(_ text: String, in path: String) -> Bool {
    guard let file = try? KernelFile(root + path) else { return false }
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

  /// The names in a folder, sorted; nil when it cannot be opened.
  public func names(in folder: String) -> [String]? {
    guard let stream = opendir(root + folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
