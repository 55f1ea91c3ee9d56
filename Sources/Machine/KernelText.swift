// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model

/// The raw text of a file in /proc, searched with memchr instead of being split: `/proc/interrupts` of a
/// large machine has a megabyte, and `swift run` builds this code unoptimised. Valid only as long as its bytes.
struct KernelText {
  var bytes: UnsafeRawBufferPointer

  private static let newline = UInt8(ascii: "\n")
  private static let space = UInt8(ascii: " ")

  /// Where `key` next occurs at or after `start`. The keys begin with letters that are rare among digits.
  private func position(of key: String, from start: Int) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var key = key
    return key.withUTF8 { key in
      guard let first = key.first, let keyBase = key.baseAddress else { return nil }
      var at = start
      while at + key.count <= bytes.count {
        guard let hit = memchr(base + at, Int32(first), bytes.count - at) else { return nil }
        at = UnsafeRawPointer(hit) - base
        if at + key.count <= bytes.count, memcmp(hit, keyBase, key.count) == 0 { return at }
        at += 1
      }
      return nil
    }
  }

  /// Up to `limit` non-negative integers that stand one after another from `start` on, in one line.
  private func integers(from start: Int, limit: Int) -> [Int64] {
    var values: [Int64] = []
    var index = start
    while values.count < limit {
      while index < bytes.count, bytes[index] == Self.space { index += 1 }
      let first = index
      var value: Int64 = 0
      while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 {
        value = value &* 10 &+ Int64(bytes[index] - 0x30)
        index += 1
      }
      if index == first { break }
      values.append(value)
    }
    return values
  }

  /// The integer of the line that begins with the word `name`, as in vmstat (`name 1`) and sched (`name : 1`).
  func integer(afterRow name: String) -> Int64? {
    var start = 0
    while let found = position(of: name, from: start) {
      var end = found + name.utf8.count
      start = end
      guard found == 0 || bytes[found - 1] == Self.newline else { continue }
      let word = end
      while end < bytes.count, bytes[end] == Self.space || bytes[end] == UInt8(ascii: ":") { end += 1 }
      if end > word { return integers(from: end, limit: 1).first }
    }
    return nil
  }

  /// The row of `/proc/interrupts` that ends with `description`, for each of `cpus` in their order. Nil when
  /// the row is absent or a CPU has no column (it is offline).
  func interrupts(describedAs description: String, cpus: CPUSet) -> [Int64]? {
    let columns = columnNumbers()
    var start = 0
    while let found = position(of: description, from: start) {
      start = found + description.utf8.count
      guard found > 0, bytes[found - 1] == Self.space else { continue }
      guard start == bytes.count || bytes[start] == Self.newline || bytes[start] == Self.space else {
        continue
      }
      var line = found
      while line > 0, bytes[line - 1] != Self.newline { line -= 1 }
      guard let colon = bytes[line..<found].firstIndex(of: UInt8(ascii: ":")) else { continue }
      let values = integers(from: colon + 1, limit: columns.count)
      guard values.count == columns.count else { return nil }
      var result: [Int64] = []
      for cpu in cpus.members {
        guard let column = columns.firstIndex(of: cpu) else { return nil }
        result.append(values[column])
      }
      return result
    }
    return nil
  }

  /// The CPUs of the header line `CPU0 CPU1 CPU3`: only CPUs that are online have a column.
  private func columnNumbers() -> [Int] {
    let line = bytes.prefix { $0 != Self.newline }
    return line.split(separator: Self.space).compactMap { word in
      Int(String(decoding: word.dropFirst(3), as: UTF8.self))
    }
  }

  /// The eighth figure of the rows `cpuN` of `/proc/stat`, summed over `cpus`; nil when one is absent.
  func stolenTicks(of cpus: CPUSet) -> Int64? {
    var total: Int64 = 0
    for cpu in cpus.members {
      let name = "cpu\(cpu) "
      var start = 0
      var row: Int?
      while row == nil, let found = position(of: name, from: start) {
        start = found + name.utf8.count
        if found == 0 || bytes[found - 1] == Self.newline { row = start }
      }
      guard let row else { return nil }
      let values = integers(from: row, limit: 8)
      guard values.count == 8 else { return nil }
      total += values[7]
    }
    return total
  }
}
