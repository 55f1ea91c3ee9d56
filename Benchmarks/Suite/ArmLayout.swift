// SPDX-License-Identifier: Apache-2.0
import Model

/// How the arms of an operation that differ in one axis become groups.
struct ArmLayout: Sendable {
  let groups: @Sendable (ArmGround) -> [CaseGroup]

  /// Groups of their own on every pair of nodes.
  static func onEachPair(_ layout: @escaping @Sendable (ArmGround, NodePair) -> [CaseGroup]) -> ArmLayout {
    ArmLayout { ground in ground.selection.pairs.flatMap { layout(ground, $0) } }
  }

  /// Groups of their own for every backing and state of the others, on every pair of nodes.
  static func onEachPoint(
    _ layout: @escaping @Sendable (ArmGround, _ point: (Backing, OthersState, NodePair)) -> CaseGroup
  ) -> ArmLayout {
    onEachPair { ground, pair in
      ground.backings.flatMap { backing in ground.states.map { layout(ground, (backing, $0, pair)) } }
    }
  }
}

extension ArmAxis {
  var layout: ArmLayout {
    switch self {
    case .backing: .byBacking
    case .others: .byOthers
    case .threads: .byThreads
    case .flush: .byFlush
    case .batch: .byBatch
    case .cycle: .byCycle
    case .busy: .byBusyCPUs
    case .online: .byOnlineCPUs
    // A selfcheck's own.
    case .replica: ArmLayout { _ in [] }
    }
  }
}

extension ArmLayout {
  /// Side by side on every pair of nodes, so that pairs compare too.
  fileprivate static let byBacking = ArmLayout { ground in
    guard !ground.backings.isEmpty else { return [] }
    return ground.states.map { state in
      let arms = ground.selection.pairs.flatMap { pair in
        ground.threads.map { threads in
          ground.backings.map { ground.measured($0, state, pair, threads: threads) }
        }
      }
      return ground.group(arms) { cases in
        // Private arms are held against the private baseline, the others against guest_memfd or what comes next.
        let shared = cases.filter { !$0.backing.isPrivate }
        let baseline = ground.baselines.lazy.compactMap { backing in
          shared.first { $0.backing == backing }
        }.first
        let secluded = cases.filter { $0.backing.isPrivate }
        return ArmGround.against(baseline, shared).merging(
          ArmGround.against(secluded.first { !$0.backing.removesDirectMap }, secluded)
        ) { first, _ in first }
      }
    }
  }

  /// Against the others left alone.
  fileprivate static let byOthers = onEachPair { ground, pair in
    guard !ground.states.isEmpty else { return [] }
    return ground.backings.map { backing in
      ground.group([ground.states.map { ground.measured(backing, $0, pair) }]) { cases in
        ArmGround.against(cases.first { $0.others == .idle }, cases)
      }
    }
  }

  fileprivate static let byThreads = onEachPair { ground, pair in
    guard let state = ground.states.first else { return [] }
    return ground.backings.map { backing in
      let counts = ground.selection.threads ?? ground.cpus.threadCounts
      return ground.series(
        counts.map { threads in ground.measured(backing, state, pair, threads: threads) })
    }
  }

  fileprivate static let byFlush = onEachPoint { ground, point in
    let arms = ground.threads.map { threads in
      [FlushSetting.off, .on].map { flush in
        ground.measured(point.0, point.1, point.2, threads: threads).with { $0.flush = flush }
      }
    }
    return ground.group(arms) { ArmGround.against($0.first, $0) }
  }

  fileprivate static let byBatch = onEachPoint { ground, point in
    let pages = ground.selection.pages
    let batches = ground.spec.batches.filter { $0 < pages } + [pages]
    return ground.series(
      batches.map { batch in
        ground.measured(point.0, point.1, point.2, threads: ground.spec.threads).with {
          // Batches follow one another as they lie.
          ($0.order, $0.batch) = (.sequential, batch)
        }
      })
  }

  /// Uses of a region in a row: a fresh one, and what it has become soon after.
  private static let cycles = [1, 2, 8]

  fileprivate static let byCycle = onEachPoint { ground, point in
    ground.series(
      cycles.map { cycle in ground.measured(point.0, point.1, point.2).with { $0.cycle = cycle } })
  }
}
