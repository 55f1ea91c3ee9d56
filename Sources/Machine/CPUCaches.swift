// SPDX-License-Identifier: Apache-2.0

/// The caches of a CPU, from sysfs.
public enum CPUCaches {
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
