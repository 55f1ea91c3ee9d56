// SPDX-License-Identifier: Apache-2.0
import Model

extension ArmLayout {
  /// By how many of the other CPUs are busy: curves of each way to be busy.
  static let byBusyCPUs = onEachPair { ground, pair in
    ground.states.flatMap { others in
      BusyState.allCases.compactMap { state in
        ground.curves(ground.cpus.busyPoints) { backing, point in
          ground.measured(backing, others, pair).with {
            $0.busy = BusyCPUs(point.count, state, node: point.node)
          }
        }
      }
    }
  }

  /// By how many CPUs are online; once more with those that walk a working set.
  static let byOnlineCPUs = onEachPair { ground, pair in
    let counts = ground.cpus.onlineCounts
    let plain = ground.states.map { others in
      ground.curves(counts) { backing, online in
        ground.measured(backing, others, pair).with { $0.online = online }
      }
    }
    let walkers =
      ground.states.contains(.idle)
      ? ground.curves(counts) { backing, online in
        ground.measured(backing, .idle, pair).with {
          ($0.online, $0.busy) = (online, BusyCPUs(min(online - 1, ground.cpus.others), .walk))
        }
      } : nil
    return (plain + [walkers]).compactMap(\.self)
  }
}

extension ArmGround {
  /// A curve for each backing, point by point beside its control's; nil without backings.
  fileprivate func curves<Point>(
    _ points: [Point], _ measured: (Backing, Point) -> Case
  ) -> CaseGroup? {
    let cases = backings.flatMap { backing in points.map { measured(backing, $0) } }
    return cases.isEmpty ? nil : group([cases]) { controls(of: $0) }
  }

  /// Each removing arm's control: the same point of the memory that keeps its entries, or of the baseline asked for.
  private func controls(of cases: [Case]) -> [Case: Case] {
    let known = Set(cases)
    var controls: [Case: Case] = [:]
    for measured in cases {
      let own = measured.backing
      guard let backing = selection.baseline ?? own.counterpart, backing != own else { continue }
      let beside = measured.with { $0.backing = backing }
      if known.contains(beside) { controls[measured] = beside }
    }
    return controls
  }
}
