// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import Testing

/// Files of /proc and /sys as another machine showed them, in a temporary folder that goes with its owner.
struct RecordedTree: ~Copyable {
  let files: SystemFiles

  init(_ contents: [String: String]) {
    var template = Array("/tmp/gmembench-tree-XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else { fatalError("mkdtemp: errno \(errno)") }
    files = SystemFiles(root: String(cString: path))
    for (path, text) in contents { write(path, text) }
  }

  deinit { Self.remove(files.root) }

  /// Writes the file, with its folders; over an older one in place, so that an open file sees it.
  func write(_ path: String, _ text: String) {
    let parts = path.split(separator: "/")
    for depth in 1..<parts.count {
      mkdir(files.root + "/" + parts.prefix(depth).joined(separator: "/"), 0o755)
    }
    let file = open(files.root + path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let written = text.utf8CString.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count - 1) }
    guard written == text.utf8.count, close(file) == 0 else {
      fatalError("cannot write \(path): errno \(errno)")
    }
  }

  private static func remove(_ path: String) {
    for name in SystemFiles().names(in: path) ?? [] { remove(path + "/" + name) }
    Glibc.remove(path)
  }
}

/// A machine's files, part by part.
enum Recorded {
  static func cpus(online: String, status: String, extra: [String: String] = [:]) -> [String: String] {
    ["/sys/devices/system/cpu/online": online + "\n", "/proc/self/status": status].merging(extra) { $1 }
  }

  static func node(_ number: Int, cpus: String, totalKiB: Int, freeKiB: Int, distance: String) -> [String:
    String]
  {
    let folder = "/sys/devices/system/node/node\(number)"
    return [
      "\(folder)/cpulist": cpus + "\n", "\(folder)/distance": distance + "\n",
      "\(folder)/meminfo": """

      Node \(number) MemTotal:       \(totalKiB) kB
      Node \(number) MemFree:        \(freeKiB) kB
      Node \(number) MemUsed:        1 kB

      """,
    ]
  }

  static func merged(_ parts: [String: String]...) -> [String: String] {
    parts.reduce(into: [:]) { all, part in all.merge(part) { $1 } }
  }

  /// Two sockets of two cores with two threads each, and a third node that is memory only.
  static let twoSockets = merged(
    cpus(
      online: "0-7", status: "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-5\nMems_allowed_list:\t0-1\n"
    ),
    node(0, cpus: "0-1,4-5", totalKiB: 1_000, freeKiB: 400, distance: "10 21 30"),
    node(1, cpus: "2-3,6-7", totalKiB: 2_000, freeKiB: 500, distance: "21 10 30"),
    node(4, cpus: "", totalKiB: 8_000, freeKiB: 8_000, distance: "30 30 10"),
    Dictionary(
      uniqueKeysWithValues: (0..<8).map {
        ("/sys/devices/system/cpu/cpu\($0)/topology/thread_siblings_list", "\($0 % 4),\($0 % 4 + 4)\n")
      }))
}
