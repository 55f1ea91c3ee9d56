// SPDX-License-Identifier: Apache-2.0
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
