// SPDX-License-Identifier: Apache-2.0
import Model

extension OperationSpec {
  /// Whether it can be done by another number of threads than one.
  fileprivate var variesThreads: Bool { takesThreads || armAxis == .threads }
}

extension Plan {
  /// Fewer pages than these say little of a page: the call around them shows.
  private static let smallestPages = 64

  /// Lays the cases of a selection out in groups of arms.
  ///
  /// - Parameters:
  ///   - isSizeAsked: blocks keep the selection's size, whatever it takes.
  ///   - otherCPUs: how many can be held.
  ///   - othersByNode: how many of them on the CPU's node and on one other; empty where that makes no difference.
  ///   - onlineCPUs: how many are online, the measuring one among them.
  ///   - refuses: why the machine lacks what an operation requires for a case, if it does.
  public static func make(
    _ name: PlanName, _ selection: Selection, precision: Double?, budget: Double?, seed: UInt64,
    passes: Int? = nil, isSizeAsked: Bool = false, otherCPUs: Int,
    othersByNode: [(node: Int, count: Int)] = [],
    onlineCPUs: Int = 1, isAvailable: (Backing) -> Bool, refuses: (OperationSpec, Case) -> Refusal?
  ) -> Plan {
    let specs = Catalogue.specs.filter { spec in
      selection.benchmarks?.contains(spec.benchmark) ?? true
        && selection.operations?.contains(spec.name) ?? true
        && selection.methods?.contains(spec.method) ?? true && !name.leavesOut(spec, selection)
        && (spec.variesThreads || selection.threads?.contains(spec.threads) ?? true)
    }.map { isSizeAsked ? $0.ofAnySize : $0 }
    // Fixed for the run: a baseline that the machine lacks compares nothing.
    let baselines = selection.baseline.map { [$0] } ?? Backing.baselines.filter(isAvailable)
    let cpus = PlannedCPUs(others: otherCPUs, othersByNode: othersByNode, online: onlineCPUs)
    var groups: [CaseGroup] = []
    var narrowed: [OperationSpec] = []
    for spec in Self.chosen(specs, selection, refuses) {
      let own = Bounds.narrowed(selection, for: spec)
      if own.pairs != selection.pairs { narrowed.append(spec) }
      let others = selection.others ?? name.others(for: spec, otherCPUs: otherCPUs)
      groups += ArmGround(spec, own, others: others, cpus: cpus, baselines: baselines).groups
    }
    let leftOut = Bounds.finding(narrowed: narrowed, selection)
    return Plan(
      name: name.rawValue, groups: groups, leftOut: [leftOut].compactMap(\.self),
      precision: precision ?? name.precision,
      budget: budget ?? name.budget, seed: seed, passes: passes ?? PlanName.passes,
      smallestPages: isSizeAsked ? nil : smallestPages)
  }

  /// Where several specs are ways of one operation, each keeps the backings that it is the first to serve here. What
  /// none serves is left to one that says why.
  private static func chosen(
    _ specs: [OperationSpec], _ selection: Selection,
    _ refuses: (OperationSpec, Case) -> Refusal?
  ) -> [OperationSpec] {
    var chosen: [OperationSpec] = []
    for spec in specs {
      let ways = specs.filter { $0.benchmark == spec.benchmark && $0.name == spec.name }
      guard ways.count > 1 else {
        chosen.append(spec)
        continue
      }
      // All ways at the place of the first.
      guard ways[0].method == spec.method else { continue }
      var left = Backing.allCases.filter { backing in ways.contains { $0.backings.contains(backing) } }
      for way in ways {
        let served = left.filter { backing in
          guard way.backings.contains(backing), let state = way.others.first else { return false }
          return refuses(way, selection.point(of: way, backing, state, selection.pairs[0])) == nil
        }
        left.removeAll(where: served.contains)
        chosen.append(way.serving(served))
      }
      chosen.append(.refusing(ways, for: left))
    }
    return chosen.filter { !$0.backings.isEmpty }
  }
}
