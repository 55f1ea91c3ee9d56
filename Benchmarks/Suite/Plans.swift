// SPDX-License-Identifier: Apache-2.0
import Model

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
  public var state: BlockState
  public var directMap: DirectMapSetting?
  /// The nodes of CPU and memory; at least one pair.
  public var pairs: [NodePair]
  public var pages: Int

  public init(
    benchmarks: [String]? = nil, operations: [String]? = nil, backings: [Backing]? = nil,
    others: [OthersState]? = nil, methods: [String]? = nil, threads: [Int]? = nil,
    baseline: Backing? = nil, order: AccessOrder = .sequential, state: BlockState = .cold,
    directMap: DirectMapSetting? = nil, pairs: [NodePair], pages: Int
  ) {
    self.benchmarks = benchmarks
    self.operations = operations
    self.backings = backings
    self.others = others
    self.methods = methods
    self.threads = threads
    self.baseline = baseline
    self.order = order
    self.state = state
    self.directMap = directMap
    self.pairs = pairs
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

  /// Visits to every group. Fewer cost power faster than they save time: Student's quantile grows with each that is left
  /// out, and a comparison of many cases asks for small probabilities.
  public static let passes = 12

  /// Bytes of a block's region.
  public var regionBytes: Int { self == .quick ? 2 << 20 : 4 << 20 }

  /// `quick` measures the headline cases in both states of the others, the rest in the reproducible one, as every plan
  /// does what is detail, unless the others are its subject. Where no other CPU can be held, nothing is claimed to spin;
  /// what needs it keeps its cases, so that they say why not.
  func others(for spec: OperationSpec, otherCPUs: Int) -> [OthersState] {
    if otherCPUs == 0, spec.armAxis != .others, spec.others.contains(.idle) { return [.idle] }
    let isPlain = self == .quick && spec.armAxis == .backing && spec.tier != .headline
    guard isPlain || spec.tier == .detail && spec.armAxis != .online else { return spec.others }
    return spec.others.contains(.spin) ? [.spin] : spec.others
  }

  /// A figure that does not repeat is worth less than none: `quick` measures what the answer rests on, and the rest where
  /// it is asked for. What is detail is asked for by its own name, or by its benchmark's where that has nothing else.
  func leavesOut(_ spec: OperationSpec, _ selection: Selection) -> Bool {
    guard self == .quick, selection.operations?.contains(spec.name) != true else { return false }
    let isNamed = selection.benchmarks?.contains(spec.benchmark) == true
    switch spec.tier {
    case .headline, .answer: return false
    case .further: return !isNamed
    case .detail:
      return !isNamed || Catalogue.specs.contains { $0.benchmark == spec.benchmark && $0.tier != .detail }
    }
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
    let busyPoints = FlushTargets.busyPoints(otherCPUs: otherCPUs, byNode: othersByNode)
    var groups: [CaseGroup] = []
    var narrowed: [OperationSpec] = []
    for spec in Self.chosen(specs, selection, refuses) {
      let own = Bounds.narrowed(selection, for: spec)
      if own.pairs != selection.pairs { narrowed.append(spec) }
      groups += Self.groups(
        spec, own, others: selection.others ?? name.others(for: spec, otherCPUs: otherCPUs),
        otherCPUs: otherCPUs, busyPoints: busyPoints, onlineCPUs: onlineCPUs, baselines: baselines)
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
          return refuses(way, measured(way, selection, backing, state, selection.pairs[0])) == nil
        }
        left.removeAll(where: served.contains)
        chosen.append(way.serving(served))
      }
      chosen.append(.refusing(ways, for: left))
    }
    return chosen.filter { !$0.backings.isEmpty }
  }

  private static func measured(
    _ spec: OperationSpec, _ selection: Selection, _ backing: Backing, _ others: OthersState,
    _ pair: NodePair, threads: Int = 1, flush: FlushSetting? = nil, busy: BusyCPUs? = nil, online: Int? = nil
  ) -> Case {
    Case(spec.benchmark, spec.name, backing, pages: max(selection.pages, spec.leastPages)).with {
      ($0.order, $0.threads) = (spec.order ?? selection.order, threads)
      ($0.cpuNode, $0.memoryNode) = (pair.cpuNode, pair.memoryNode)
      ($0.others, $0.state, $0.directMap) = (others, selection.state, selection.directMap)
      ($0.flush, $0.busy, $0.online) = (flush, busy, online)
    }
  }

  private static func groups(
    _ spec: OperationSpec, _ selection: Selection, others: [OthersState], otherCPUs: Int,
    busyPoints: [(count: Int, node: Int?)], onlineCPUs: Int, baselines: [Backing]
  ) -> [CaseGroup] {
    // Arms that differ in their memory are measured side by side on every pair of nodes, so that pairs compare too.
    guard spec.armAxis == .backing else {
      return selection.pairs.flatMap {
        groups(
          spec, selection, others: others, pair: $0, otherCPUs: otherCPUs, busyPoints: busyPoints,
          onlineCPUs: onlineCPUs)
      }
    }
    let backings = spec.backings.filter { selection.backings?.contains($0) ?? true }
    guard !backings.isEmpty else { return [] }
    return spec.states(among: others).map { state in
      let arms = selection.pairs.flatMap { pair in
        threads(spec, selection).map { threads in
          backings.map { measured(spec, selection, $0, state, pair, threads: threads) }
        }
      }
      return group(spec, arms) { byBacking($0, baselines) }
    }
  }

  private static func groups(
    _ spec: OperationSpec, _ selection: Selection, others: [OthersState], pair: NodePair, otherCPUs: Int,
    busyPoints: [(count: Int, node: Int?)], onlineCPUs: Int
  ) -> [CaseGroup] {
    let backings = spec.backings.filter { selection.backings?.contains($0) ?? true }
    let states = spec.states(among: others)
    func measured(
      _ backing: Backing, _ others: OthersState, threads: Int = 1, flush: FlushSetting? = nil,
      busy: BusyCPUs? = nil, online: Int? = nil
    ) -> Case {
      Self.measured(
        spec, selection, backing, others, pair, threads: threads, flush: flush, busy: busy, online: online)
    }
    /// A group of one backing, each point held against the first.
    func along(_ points: [Int], _ measured: (Int) -> Case) -> CaseGroup {
      let cases = points.map(measured)
      return CaseGroup(spec: spec, cases: cases, baselines: against(cases.first, cases))
    }
    /// A curve for each backing, point by point beside its control's.
    func curves<Point>(_ points: [Point], _ measured: (Backing, Point) -> Case) -> CaseGroup? {
      let cases = backings.flatMap { backing in points.map { measured(backing, $0) } }
      guard !cases.isEmpty else { return nil }
      return CaseGroup(
        spec: spec, cases: cases, baselines: FlushTargets.controls(of: cases, selection.baseline))
    }
    switch spec.armAxis {
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
          let arms = threads(spec, selection).map { threads in
            [FlushSetting.off, .on].map { measured(backing, state, threads: threads, flush: $0) }
          }
          return group(spec, arms) { against($0.first, $0) }
        }
      }
    case .batch:
      return backings.flatMap { backing in
        states.map { state in
          along(spec.batches.filter { $0 < selection.pages } + [selection.pages]) { batch in
            var measured = measured(backing, state, threads: spec.threads)
            // Batches follow one another as they lie.
            measured.order = .sequential
            measured.batch = batch
            return measured
          }
        }
      }
    case .cycle:
      return backings.flatMap { backing in
        states.map { state in
          along(cycles) { cycle in
            var measured = measured(backing, state)
            measured.cycle = cycle
            return measured
          }
        }
      }
    case .threads:
      guard let state = states.first else { return [] }
      return backings.map { backing in
        let counts = selection.threads ?? threadCounts(otherCPUs).map { $0 + 1 }
        let cases = counts.map { measured(backing, state, threads: $0) }
        return CaseGroup(spec: spec, cases: cases, baselines: against(cases.first, cases))
      }
    case .busy:
      return states.flatMap { others in
        BusyState.allCases.compactMap { state in
          curves(busyPoints) { measured($0, others, busy: BusyCPUs($1.count, state, node: $1.node)) }
        }
      }
    case .online:
      let counts = FlushTargets.onlineCounts(onlineCPUs)
      let walkers =
        states.contains(.idle)
        ? curves(counts) {
          measured($0, .idle, busy: BusyCPUs(min($1 - 1, otherCPUs), .walk), online: $1)
        } : nil
      return (states.map { others in curves(counts) { measured($0, others, online: $1) } } + [walkers])
        .compactMap { $0 }
    case .backing, .replica: return []
    }
  }

  /// Uses of a region in a row: a fresh one, and what it has become soon after.
  private static let cycles = [1, 2, 8]

  /// 0, 1, 2, 4, … other CPUs, and all of them.
  static func threadCounts(_ others: Int) -> [Int] {
    var counts = [0]
    var next = 1
    while next < others {
      counts.append(next)
      next *= 2
    }
    return others > 0 ? counts + [others] : counts
  }

  /// All numbers of threads go into one group: a speed-up is a ratio of rounds.
  private static func threads(_ spec: OperationSpec, _ selection: Selection) -> [Int] {
    spec.takesThreads ? selection.threads ?? [1] : [1]
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
      against(secluded.first { !$0.backing.removesDirectMap }, secluded)
    ) { first, _ in first }
  }
}
