// SPDX-License-Identifier: Apache-2.0

/// The CPU time and memory that a control group allows this process. A quota throttles a tool that spins on every
/// CPU, and a throttled block measures the quota; a process that passes the memory limit is killed.
public struct Quota: Hashable, Sendable {
  /// CPUs' worth of time: the tightest `cpu.max` (v2) or `cpu.cfs_quota_us` (v1) of the process's group and
  /// its ancestors, as far up as they are mounted here. Nil: no limit.
  public static func read(_ files: SystemFiles = SystemFiles()) -> Double? {
    groups(files).compactMap { $0.limit(files) }.min()
  }

  /// Bytes that the process's group and its ancestors leave it (`memory.max` less `memory.current`; v2), nil: no
  /// limit.
  public static func memoryLeft(_ files: SystemFiles = SystemFiles()) -> Int64? {
    groups(files).filter(\.unified).compactMap { group in
      guard let limit = files.integer(group.folder + "/memory.max"),
        let used = files.integer(group.folder + "/memory.current")
      else { return nil }
      return Int64(max(limit - used, 0))
    }.min()
  }

  /// `nr_throttled`: periods in which the group that sets the limit (without a limit, the process's own) was
  /// throttled, since that group exists. Nil where `cpu.stat` or that row is absent, as in a root group.
  public static func throttled(_ files: SystemFiles = SystemFiles()) -> Int? {
    statisticsPath(files).flatMap { files.text($0) }.flatMap { text in
      text.split(separator: "\n").first { $0.hasPrefix("nr_throttled ") }.flatMap { Int($0.dropFirst(13)) }
    }
  }

  /// The `cpu.stat` that `throttled` reads; nil when no group of ours has one.
  static func statisticsPath(_ files: SystemFiles) -> String? {
    let groups = groups(files)
    let limited = groups.compactMap { group in group.limit(files).map { (group, $0) } }.min { $0.1 < $1.1 }?.0
    for group in [limited].compactMap({ $0 }) + groups {
      let path = group.folder + "/cpu.stat"
      if files.text(path)?.contains("nr_throttled") == true { return path }
    }
    return nil
  }

  private struct Group {
    var folder: String
    var unified: Bool

    func limit(_ files: SystemFiles) -> Double? {
      let quota: Double?
      let period: Double?
      if unified {
        let words = files.line(folder + "/cpu.max")?.split(separator: " ") ?? []
        quota = words.first.flatMap { Double($0) }  // "max" is no number: no limit
        period = words.count > 1 ? Double(words[1]) : nil
      } else {
        quota = files.integer(folder + "/cpu.cfs_quota_us").map(Double.init)  // -1: no limit
        period = files.integer(folder + "/cpu.cfs_period_us").map(Double.init)
      }
      guard let quota, let period, quota > 0, period > 0 else { return nil }
      return quota / period
    }
  }

  /// The process's group first, then its ancestors up to the mount point; both hierarchies where both exist.
  private static func groups(_ files: SystemFiles) -> [Group] {
    let mounts = files.text("/proc/self/mountinfo")?.split(separator: "\n") ?? []
    return (files.text("/proc/self/cgroup")?.split(separator: "\n") ?? []).flatMap { line -> [Group] in
      // hierarchy:controllers:path
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let unified = parts[0] == "0" && parts[1].isEmpty
      guard unified || parts[1].split(separator: ",").contains("cpu") else { return [] }
      guard let mount = mounts.lazy.compactMap({ Mount($0, unified: unified) }).first else { return [] }
      return mount.folders(to: String(parts[2])).map { Group(folder: $0, unified: unified) }
    }
  }

  private struct Mount {
    var root: String
    var point: String

    /// A row of mountinfo: `id parent major:minor root point options [optional…] - type source super`.
    init?(_ row: Substring, unified: Bool) {
      let words = row.split(separator: " ")
      guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count >= dash + 4 else { return nil }
      let type = words[dash + 1]
      guard
        unified
          ? type == "cgroup2" : type == "cgroup" && words[dash + 3].split(separator: ",").contains("cpu")
      else { return nil }
      root = String(words[3])
      point = String(words[4])
    }

    /// From the group at `path` up. A path outside the mounted part (another cgroup namespace's) leaves the
    /// mount point itself: that is the group nearest to us that can be seen.
    func folders(to path: String) -> [String] {
      var parts = path.split(separator: "/")
      let above = root.split(separator: "/")
      if parts.starts(with: above) { parts.removeFirst(above.count) } else { parts = [] }
      if parts.contains("..") { parts = [] }
      return (0...parts.count).reversed().map {
        ([Substring(point)] + parts.prefix($0)).joined(separator: "/")
      }
    }
  }
}
