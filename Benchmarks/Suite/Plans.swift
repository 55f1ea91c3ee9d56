// SPDX-License-Identifier: Apache-2.0
import Experiment
import GuestMemory
import Machine

/// What the caller asks for; nil means what the plan says.
public struct Selection: Sendable {
  public var benchmarks: [String]?
  public var operations: [String]?
  public var backings: [Backing]?
  public var others: [OthersState]?
  /// Of operations that have several.
  public var methods: [String]?
  /// Numbers of threads, ascending; nil for one, where an operation does not vary them of itself.
  public var threads: [Int]?
  public var baseline: Backing?
  public var order: AccessOrder
  public var directMap: DirectMapSetting?
  public var cpuNode: Int
  public var memoryNodes: [Int]
  public var pages: Int

  public init(
    benchmarks: [String]? = nil, operations: [String]? = nil, backings: [Backing]? = nil,
    others: [OthersState]? = nil, methods: [String]? = nil, threads: [Int]? = nil,
    baseline: Backing? = nil, order: AccessOrder = .sequential, directMap: DirectMapSetting? = nil,
    cpuNode: Int, memoryNodes: [Int], pages: Int
  ) {
    self.benchmarks = benchmarks
    self.operations = operations
    self.backings = backings
    self.others = others
    self.methods = methods
    self.threads = threads
    self.baseline = baseline
    self.order = order
    self.directMap = directMap
    self.cpuNode = cpuNode
    self.memoryNodes = memoryNodes
    self.pages = pages
  }
}

/// The named plans: how long, how precise, how large.
public enum PlanName: String, CaseIterable, Sendable {
  case quick
  case full
  case nightly

  /// Seconds for the whole run.
  public var budget: Double {
    switch self {
    case .quick: 24
    case .full: 9 * 60
    case .nightly: 28 * 60
    }
  }

  /// Relative half-width at which a group stops early.
  public var precision: Double { self == .quick ? 0.05 : 0.02 }

  /// Bytes of a block's region.
  public var regionBytes: Int { self == .quick ? 2 << 20 : 4 << 20 }

  /// `quick` measures the headline cases in both states of the others, the rest in the reproducible one. Where no
  /// other CPU can be held, nothing is claimed to spin; what needs it keeps its cases, so that they say why not.
  func others(for spec: OperationSpec, otherCPUs: Int) -> [OthersState] {
    if otherCPUs == 0, spec.armAxis != .others, spec.others.contains(.idle) { return [.idle] }
    guard self == .quick, spec.armAxis == .backing, !spec.isHeadline else { return spec.others }
    return spec.others.contains(.spin) ? [.spin] : spec.others
  }
}

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
  ///   - refuses: why the machine lacks what an operation requires for a case, if it does.
  public static func make(
    _ name: PlanName, _ selection: Selection, precision: Double?, budget: Double?, seed: UInt64,
    isSizeAsked: Bool = false, otherCPUs: Int, isAvailable: (Backing) -> Bool,
    refuses: (OperationSpec, Case) -> Refusal?
  ) -> Plan {
    let specs = Catalogue.operations.filter { spec in
      selection.benchmarks?.contains(spec.benchmark) ?? true
        && selection.operations?.contains(spec.name) ?? true
        && selection.methods?.contains(spec.method) ?? true
        && (spec.variesThreads || selection.threads?.contains(1) ?? true)
    }
    // Fixed for the run: a baseline that the machine lacks compares nothing.
    let order: [Backing] = [.guestMemfd, .memfd, .anonymous]
    let baselines = selection.baseline.map { [$0] } ?? order.filter(isAvailable)
    var groups: [CaseGroup] = []
    for memoryNode in selection.memoryNodes {
      for spec in Self.chosen(specs, selection, memoryNode: memoryNode, refuses) {
        groups += Self.groups(
          spec, selection, others: selection.others ?? name.others(for: spec, otherCPUs: otherCPUs),
          memoryNode: memoryNode, otherCPUs: otherCPUs, baselines: baselines)
      }
    }
    return Plan(
      name: name.rawValue, groups: groups, precision: precision ?? name.precision,
      budget: budget ?? name.budget, seed: seed, smallestPages: isSizeAsked ? nil : smallestPages)
  }

  /// Where several specs are ways of one operation, each keeps the backings that it is the first to serve here. What
  /// none serves is left to one that says why.
  private static func chosen(
    _ specs: [OperationSpec], _ selection: Selection, memoryNode: Int,
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
          return refuses(way, measured(way, selection, backing, state, memoryNode: memoryNode)) == nil
        }
        left.removeAll(where: served.contains)
        chosen.append(way.serving(served))
      }
      chosen.append(.refusing(ways, for: left))
    }
    return chosen.filter { !$0.backings.isEmpty }
  }

  private static func measured(
    _ spec: OperationSpec, _ selection: Selection, _ backing: Backing, _ others: OthersState, memoryNode: Int,
    threads: Int = 1, flush: FlushSetting? = nil
  ) -> Case {
    Case(
      benchmark: spec.benchmark, operation: spec.name, backing: backing, pages: selection.pages,
      order: selection.order, threads: threads, cpuNode: selection.cpuNode, memoryNode: memoryNode,
      others: others, directMap: selection.directMap, flush: flush)
  }

  private static func groups(
    _ spec: OperationSpec, _ selection: Selection, others: [OthersState], memoryNode: Int, otherCPUs: Int,
    baselines: [Backing]
  ) -> [CaseGroup] {
    let backings = spec.backings.filter { selection.backings?.contains($0) ?? true }
    let states = spec.others.filter(others.contains)
    func measured(_ backing: Backing, _ others: OthersState, threads: Int = 1, flush: FlushSetting? = nil)
      -> Case
    {
      Self.measured(
        spec, selection, backing, others, memoryNode: memoryNode, threads: threads, flush: flush)
    }
    // All numbers of threads in one group: a speed-up is a ratio of rounds.
    let threads = spec.takesThreads ? selection.threads ?? [1] : [1]
    switch spec.armAxis {
    case .backing:
      return states.compactMap { state in
        guard !backings.isEmpty else { return nil }
        let arms = threads.map { threads in backings.map { measured($0, state, threads: threads) } }
        return group(spec, arms) { byBacking($0, baselines) }
      }
    case .others:
      return backings.compactMap { backing in
        let cases = states.map { measured(backing, $0) }
        guard !cases.isEmpty else { return nil }
        return CaseGroup(
          spec: spec, cases: cases, baselines: against(cases.first { $0.others == .idle }, cases))
      }
    case .flush:
      return backings.flatMap { backing in
        states.map { state in
          let arms = threads.map { threads in
            [FlushSetting.off, .on].map { measured(backing, state, threads: threads, flush: $0) }
          }
          return group(spec, arms) { against($0.first, $0) }
        }
      }
    case .threads:
      guard !states.isEmpty else { return [] }
      return backings.map { backing in
        let counts = selection.threads ?? threadCounts(otherCPUs).map { $0 + 1 }
        let cases = counts.map { measured(backing, .idle, threads: $0) }
        return CaseGroup(spec: spec, cases: cases, baselines: against(cases.first, cases))
      }
    case .replica: return []
    }
  }

  /// 0, 1, 2, 4, … other CPUs, and all of them.
  private static func threadCounts(_ others: Int) -> [Int] {
    var counts = [0]
    var next = 1
    while next < others {
      counts.append(next)
      next *= 2
    }
    return others > 0 ? counts + [others] : counts
  }

  /// One group of several sets of arms, each compared within itself.
  private static func group(
    _ spec: OperationSpec, _ arms: [[Case]], comparing: ([Case]) -> [Case: Case]
  ) -> CaseGroup {
    CaseGroup(
      spec: spec, cases: arms.flatMap(\.self),
      baselines: arms.reduce(into: [:]) { $0.merge(comparing($1)) { first, _ in first } })
  }

  /// What an arm is compared with.
  static func against(_ baseline: Case?, _ cases: [Case]) -> [Case: Case] {
    guard let baseline else { return [:] }
    return Dictionary(uniqueKeysWithValues: cases.filter { $0 != baseline }.map { ($0, baseline) })
  }

  /// Private arms are held against the private baseline, the others against guest_memfd or what comes next.
  private static func byBacking(_ cases: [Case], _ baselines: [Backing]) -> [Case: Case] {
    let shared = cases.filter { !$0.backing.isPrivate }
    let baseline = baselines.lazy.compactMap { backing in shared.first { $0.backing == backing } }.first
    let secluded = cases.filter { $0.backing.isPrivate }
    return against(baseline, shared).merging(
      against(secluded.first { $0.backing == .guestMemfdPrivate }, secluded)
    ) { first, _ in first }
  }
}
