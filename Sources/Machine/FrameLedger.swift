// SPDX-License-Identifier: Apache-2.0

/// Which physical frames this process has had before, as far as `/proc/self/pagemap` shows them: to root alone.
///
/// A frame that nobody had before may be one that a hypervisor has not backed yet, whose first touch is a fault of the
/// host's too.
public final class FrameLedger {
  /// Frames of 1 TiB in 4 KiB pages; beyond, nothing is told.
  private static let mostFrames = 1 << 28
  private static let present: UInt64 = 1 << 63
  private static let frameBits: UInt64 = (1 << 55) - 1

  private let pageBytes: Int
  private let file: KernelFile?
  private var words: [UInt64] = []
  private var entries: [UInt64] = []

  public init(pageBytes: Int) {
    self.pageBytes = pageBytes
    file = try? KernelFile("/proc/self/pagemap")
  }

  /// Notes the frames behind a mapping of this process, and says how many of them are noted for the first time; nil
  /// where they are hidden, or a page is not there.
  public func note(_ base: UnsafeRawPointer, pages: Int) -> Int? {
    guard read(base, pages) else { return nil }
    var new = 0
    for entry in entries {
      let frame = Int(entry & Self.frameBits)
      guard entry & Self.present != 0, frame > 0, frame < Self.mostFrames else { return nil }
      let (word, bit) = (frame / 64, UInt64(1) << UInt64(frame % 64))
      if word >= words.count { words += Array(repeating: 0, count: word + 1 - words.count) }
      if words[word] & bit == 0 { new += 1 }
      words[word] |= bit
    }
    return new
  }

  private func read(_ base: UnsafeRawPointer, _ pages: Int) -> Bool {
    if entries.count != pages { entries = Array(repeating: 0, count: pages) }
    let bytes = pages * MemoryLayout<UInt64>.stride
    let offset = Int(UInt(bitPattern: base)) / pageBytes * MemoryLayout<UInt64>.stride
    switch file {
    case .some(let file):
      return entries.withUnsafeMutableBytes { file.read(into: $0, offset: offset) } == bytes
    case .none: return false
    }
  }
}
