// SPDX-License-Identifier: Apache-2.0

/// How the kernel's direct map changed while memory was prepared.
public struct DirectMapChange: Hashable, Codable, Sendable {
  /// What each size of entry maps, before and after; machine-wide.
  public var before: DirectMapSizes
  public var after: DirectMapSizes
  /// 2 MiB entries that it split; nil where the kernel does not count them.
  public var level2Splits: Int64?
  /// Page tables that the splits took, by the kernel's code: a page for each, of either size. No counter of the
  /// kernel's has them all.
  public var tableBytes: Int64?

  public init(before: DirectMapSizes, after: DirectMapSizes, level2Splits: Int64?, tableBytes: Int64?) {
    self.before = before
    self.after = after
    self.level2Splits = level2Splits
    self.tableBytes = tableBytes
  }

  /// The two one after the other: what is absent in either is absent.
  public static func + (left: DirectMapChange, right: DirectMapChange) -> DirectMapChange {
    func sum(_ count: KeyPath<DirectMapChange, Int64?>) -> Int64? {
      guard let first = left[keyPath: count], let second = right[keyPath: count] else { return nil }
      return first + second
    }
    return DirectMapChange(
      before: left.before, after: right.after, level2Splits: sum(\.level2Splits),
      tableBytes: sum(\.tableBytes))
  }

  /// The same for a row of so many blocks.
  public func words(blocks: Int) -> String? {
    guard let level2Splits, let tableBytes else { return nil }
    if level2Splits == 0 {
      return "no entry of 2 MiB split: its frames and its control's had been split before"
    }
    let grown = after.kib4.flatMap { after in
      before.kib4.map { "DirectMap4k from \($0 >> 20) to \(after >> 20) MiB" }
    }
    let parts = [
      "\(level2Splits) entries of 2 MiB split in \(blocks) blocks",
      "which took \(tableBytes >> 10) KiB of page tables", grown,
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }
}
