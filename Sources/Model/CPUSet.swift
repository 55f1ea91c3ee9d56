// SPDX-License-Identifier: Apache-2.0

/// A set of CPU (or node) numbers, in the kernel's list notation (`0-3,8`).
public struct CPUSet: Hashable, Codable, Sendable, CustomStringConvertible {
  /// The numbers, ascending, each once.
  public let members: [Int]

  public init(_ members: some Sequence<Int>) { self.members = Set(members).sorted() }

  /// Reads the notation of `/sys/devices/system/cpu/online` and of `isolcpus=`: `0-3,8`. Blank text is the
  /// empty set, as in a memory-only node's `cpulist`. Anything else that does not parse is nil.
  public init?(list: String) {
    var members: Set<Int> = []
    let text = list.trimmed
    if !text.isEmpty {
      for item in text.split(separator: ",", omittingEmptySubsequences: false) {
        let ends = item.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = Self.number(ends[0]), let last = Self.number(ends[ends.count - 1]),
          first <= last
        else { return nil }
        members.formUnion(first...last)
      }
    }
    self.members = members.sorted()
  }

  /// A plain decimal number. The bound is far above any kernel's NR_CPUS and keeps `0-4000000000` from
  /// eating all memory.
  private static func number(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(text), value < 65_536 else {
      return nil
    }
    return value
  }

  public var isEmpty: Bool { members.isEmpty }
  public var count: Int { members.count }
  public func contains(_ member: Int) -> Bool { members.contains(member) }

  public func subtracting(_ other: CPUSet) -> CPUSet {
    let without = Set(other.members)
    return CPUSet(members.filter { !without.contains($0) })
  }

  public func intersection(_ other: CPUSet) -> CPUSet {
    let both = Set(other.members)
    return CPUSet(members.filter { both.contains($0) })
  }

  public func union(_ other: CPUSet) -> CPUSet { CPUSet(members + other.members) }

  public func isSubset(of other: CPUSet) -> Bool { Set(members).isSubset(of: other.members) }

  /// The kernel's notation, shortest form: `0-3,8`. The empty set is the empty string.
  public var description: String {
    var parts: [String] = []
    var start = members.startIndex
    while start < members.endIndex {
      var end = start
      while end + 1 < members.endIndex, members[end + 1] == members[end] + 1 { end += 1 }
      parts.append(start == end ? "\(members[start])" : "\(members[start])-\(members[end])")
      start = end + 1
    }
    return parts.joined(separator: ",")
  }
}
