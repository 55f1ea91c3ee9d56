// SPDX-License-Identifier: Apache-2.0
import Model

/// The CPUs that a plan is laid out for.
struct PlannedCPUs {
  /// How many others can be held.
  var others: Int
  /// How many of them on the CPU's node and on one other; empty where that makes no difference.
  var othersByNode: [(node: Int, count: Int)] = []
  /// How many are online, the measuring one among them.
  var online: Int

  /// 0, 1, 2, 4, … other CPUs, and all of them.
  static func counts(_ others: Int) -> [Int] {
    var counts = [0]
    var next = 1
    while next < others {
      counts.append(next)
      next *= 2
    }
    return others > 0 ? counts + [others] : counts
  }

  /// Numbers of threads: one, and another on each of so many other CPUs.
  var threadCounts: [Int] { Self.counts(others).map { $0 + 1 } }

  /// 0, 1, 2, 4, … busy CPUs; where nodes differ, of each of them, and last all CPUs together.
  var busyPoints: [(count: Int, node: Int?)] {
    let counts = Self.counts(others)
    guard !othersByNode.isEmpty, let all = counts.last else { return counts.map { ($0, nil) } }
    let onNodes = othersByNode.flatMap { place in
      Self.counts(place.count).dropFirst().map { (count: $0, node: Optional(place.node)) }
    }
    return [(0, nil)] + onNodes + [(all, nil)]
  }

  /// 1, 2, 4, … and all; of few CPUs every number, so that there are four points where there can be.
  var onlineCounts: [Int] {
    online <= 4 ? Array(1...max(online, 1)) : Self.counts(online).filter { $0 > 0 }
  }
}
