// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage

/// A file's lines, one at a time, through a buffer of fixed size: memory does not grow with the file. Read, not
/// mapped, because the pages of a mapping count as this process's memory.
struct LineReader: ~Copyable {
  /// Bytes that can be looked at together. What is longer is refused: no record of ours comes near.
  static let capacity = 1 << 20

  /// Why no further line can be had.
  struct Unreadable: Error {
    var why: String
  }

  /// Fills the buffer as far as it can; 0 is the end.
  typealias Source = (UnsafeMutableRawBufferPointer) throws -> Int

  private let source: Source
  private let storage = UnsafeMutablePointer<UInt8>.allocate(capacity: LineReader.capacity)
  /// Where the line at hand starts, where it ends (past its line feed), and how far the buffer is filled.
  private var start = 0
  private var end = 0
  private var filled = 0
  private var isAtEnd = false

  init(_ source: @escaping Source) { self.source = source }

  /// Reads a file, which is closed with the reader.
  init(path: String) throws(SinkFailure) {
    let file = try OpenFile(path)
    self.init { try file.descriptor.read(into: $0) }
  }

  /// Reads what is in memory.
  init(bytes: [UInt8]) {
    var taken = 0
    self.init { room in
      let count = min(room.count, bytes.count - taken)
      room.copyBytes(from: bytes[taken..<taken + count])
      taken += count
      return count
    }
  }

  deinit { storage.deallocate() }

  /// How many bytes are at hand: a line with its line feed, or what was taken in with it; 0 at the end.
  var count: Int { end - start }

  /// A byte of those at hand; nil past them.
  subscript(index: Int) -> UInt8? { index < end - start ? storage[start + index] : nil }

  /// Valid until the next mutation.
  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: storage + start, count: end - start) }

  /// Takes the following line in as well, or the first one; leaves all as it is at the end of the file.
  mutating func extend() throws(Unreadable) {
    var searched = end
    while true {
      if let found = memchr(storage + searched, 0x0A, filled - searched) {
        end = UnsafeMutableRawPointer(storage).distance(to: found) + 1
        return
      }
      searched = filled - start
      guard !isAtEnd else {
        end = filled
        return
      }
      try refill()
    }
  }

  /// Leaves what is at hand behind.
  mutating func skip() { start = end }

  private mutating func refill() throws(Unreadable) {
    if start > 0 {
      memmove(storage, storage + start, filled - start)
      (start, end, filled) = (0, end - start, filled - start)
    }
    guard filled < Self.capacity else {
      throw Unreadable(why: "more than \(Self.capacity) bytes and no end of a record")
    }
    let room = UnsafeMutableRawBufferPointer(start: storage + filled, count: Self.capacity - filled)
    do {
      let count = try source(room)
      isAtEnd = count == 0
      filled += count
    } catch {
      throw Unreadable(why: "\(error)")
    }
  }
}

/// A file open for reading; closed with its last reference.
private final class OpenFile {
  let descriptor: FileDescriptor

  init(_ path: String) throws(SinkFailure) { descriptor = try Files.open(reading: path) }
  deinit { try? descriptor.close() }
}
