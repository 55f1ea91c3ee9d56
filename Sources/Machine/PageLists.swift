// SPDX-License-Identifier: Apache-2.0

/// The lists of free pages that the allocator keeps for each CPU, in front of the buddy allocator.
public enum PageLists {
  /// Pages on the lists of a CPU, over all zones, from `/proc/zoneinfo`; nil where that hides them.
  public static func pages(ofCPU cpu: Int, files: SystemFiles = SystemFiles()) -> Int? {
    guard let text = files.text("/proc/zoneinfo") else { return nil }
    var total: Int?
    var isOwn = false
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard words.count == 2, let value = Int(words[1]) else { continue }
      switch words[0] {
      case "cpu:": isOwn = value == cpu
      case "count:" where isOwn: total = (total ?? 0) + value
      default: continue
      }
    }
    return total
  }

  /// Bytes of the last-level cache that a CPU uses, from sysfs; nil where it is not told.
  public static func lastLevelCacheBytes(ofCPU cpu: Int, files: SystemFiles = SystemFiles()) -> Int? {
    let folder = "/sys/devices/system/cpu/cpu\(cpu)/cache"
    var last: (level: Int, bytes: Int)?
    for index in 0..<8 {
      guard let level = files.line("\(folder)/index\(index)/level").flatMap({ Int($0) }),
        let size = files.line("\(folder)/index\(index)/size"), size.hasSuffix("K"),
        let kibibytes = Int(size.dropLast())
      else { continue }
      if level > last?.level ?? 0 { last = (level, kibibytes << 10) }
    }
    return last?.bytes
  }
}
