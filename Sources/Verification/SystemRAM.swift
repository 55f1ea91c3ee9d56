// SPDX-License-Identifier: Apache-2.0

/// The physical memory that /proc/iomem calls "System RAM".
public enum SystemRAM {
  /// Its ranges as frame numbers, clipped to whole pages: a range may begin or end within one (0x9fc00), and
  /// what lies beyond is not memory. Without the right to see addresses all of them read 0: an empty list.
  public static func frames(inText text: String, pageBytes: Int) -> [Range<UInt64>] {
    let page = UInt64(pageBytes)
    return text.split(separator: "\n").compactMap { line in
      // "  00100000-7ffdffff : System RAM", whatever it is nested in; the last address belongs to it.
      guard let colon = line.firstIndex(of: ":"), line[line.index(after: colon)...].trimmed == "System RAM"
      else { return nil }
      let ends = line[..<colon].trimmed.split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard ends.count == 2, ends[1] > ends[0], ends[1] < .max else { return nil }
      let first = (ends[0] + page - 1) / page
      let end = (ends[1] + 1) / page
      return first < end ? first..<end : nil
    }
  }
}
