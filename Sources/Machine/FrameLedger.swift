// SPDX-License-Identifier: Apache-2.0
import Model

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
  private var known = FrameSet()
  /// Those of the block before, and of the one that is measured.
  private var before: Set<Int> = []
  private var current: [Int] = []
  private var entries: [UInt64] = []

  public init(pageBytes: Int) {
    self.pageBytes = pageBytes
    file = try? KernelFile("/proc/self/pagemap")
  }

  /// A block begins: the frames noted for the last one are those of the block before.
  public func beginBlock() {
    before = Set(current)
    current = []
  }

  /// Notes the frames behind a mapping of this process as those of the block that is measured; nil where they are
  /// hidden, or a page is not there.
  public func noteBlock(_ base: UnsafeRawPointer, pages: Int) -> BlockFrames? {
    guard let frames = read(base, pages) else { return nil }
    current += frames
    return BlockFrames(
      new: note(frames), ofBlockBefore: frames.count { before.contains($0) })
  }

  /// Notes frames that no block has yet.
  public func note(_ base: UnsafeRawPointer, pages: Int) {
    if let frames = read(base, pages) { _ = note(frames) }
  }

  /// - Returns: how many are noted for the first time.
  private func note(_ frames: [Int]) -> Int { frames.count { known.insert($0) } }

  private func read(_ base: UnsafeRawPointer, _ pages: Int) -> [Int]? {
    guard readEntries(base, pages) else { return nil }
    var frames: [Int] = []
    frames.reserveCapacity(pages)
    for entry in entries {
      let frame = Int(entry & Self.frameBits)
      guard entry & Self.present != 0, frame > 0, frame < Self.mostFrames else { return nil }
      frames.append(frame)
    }
    return frames
  }

  private func readEntries(_ base: UnsafeRawPointer, _ pages: Int) -> Bool {
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

/// A bit for each frame, up to the highest that was inserted.
private struct FrameSet {
  private var words: [UInt64] = []

  /// - Returns: whether it was not there.
  mutating func insert(_ frame: Int) -> Bool {
    let (word, bit) = (frame / 64, UInt64(1) << UInt64(frame % 64))
    if word >= words.count { words += Array(repeating: 0, count: word + 1 - words.count) }
    defer { words[word] |= bit }
    return words[word] & bit == 0
  }
}
