// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Machine

/// What names an operation to another process of this program.
public struct OperationReference: Hashable, Codable, Sendable {
  public var benchmark: String
  public var name: String
  public var method: String
  /// Its arms are replicas of one case.
  public var isReplicated: Bool
  public var delay: Delay?
}

/// A known change, to see whether it is found: each page of some arms takes longer.
public struct Delay: Hashable, Codable, Sendable {
  /// Multiplications after the store to a page.
  public var multiplications: Int
  /// Of the arms with this backing; nil: of every second replica.
  public var backing: Backing?

  public init(multiplications: Int, backing: Backing? = nil) {
    self.multiplications = multiplications
    self.backing = backing
  }

  public func isOn(_ measured: Case) -> Bool {
    multiplications > 0 && measured.threads == 1
      && (backing.map { $0 == measured.backing } ?? measured.replica.map { $0 % 2 == 1 } ?? false)
  }
}

/// One way of doing one benchmark, as the suite offers it.
public struct OperationSpec: Sendable {
  public let benchmark: String
  public let name: String
  /// One line for `list`.
  public let summary: String
  public let unit: SampleUnit
  /// How the value is obtained, for the row. Of several specs that share benchmark and name, each is another method,
  /// and a plan takes for each backing the first whose requirement is met.
  public let method: String
  /// In what the arms of a group differ.
  public var armAxis: ArmAxis
  /// Nil but where a run shows what it would find.
  public var delay: Delay?
  /// Where the arms differ in `batch`: the pages of a call, ascending; the whole region is always among them.
  public let batches: [Int]
  /// Threads that a block takes where their number is not the caller's.
  public let threads: Int
  /// Pages that a block has even where the caller's blocks are smaller, unless their size is asked for.
  public private(set) var leastPages: Int
  /// The only order that it makes sense in; nil where the caller chooses.
  public let order: AccessOrder?
  /// Of how many pages of a block one is of the backing; the others are the kernel's.
  public let pagesPerBackingPage: Int
  /// The `others` that it makes sense in.
  public let others: [OthersState]
  /// The backings that it has a meaning for.
  public private(set) var backings: [Backing]
  /// Among the best known figures: measured in every state of the others by every plan.
  public let isHeadline: Bool
  /// Answers a question of its own, beside how much a page costs: left to the longer plans unless it is named.
  public let isDetail: Bool
  /// Fresh pages are taken in within what is timed, so that a kernel that takes them out of the direct map does it
  /// there, whichever step of it does. Elsewhere no flush is due, and a row says nothing of one.
  public let takesPagesIn: Bool
  /// Several threads can do it at once, each in a part of the region.
  public let takesThreads: Bool
  /// Instructions that one thread executes say what it costs: it waits for nothing, and nothing of it happens
  /// elsewhere.
  public let isPathLength: Bool
  /// A requirement beside the backing's own that this machine does not meet.
  public let requirement: @Sendable (Case, Workbench) -> Refusal?
  /// Measures one block and records it on the workbench.
  public private(set) var measure: @Sendable (Case, Workbench) throws(Refusal) -> Void

  public init(
    benchmark: String, name: String, summary: String, unit: SampleUnit = .nanoseconds, method: String,
    armAxis: ArmAxis = .backing, batches: [Int] = [], threads: Int = 1, leastPages: Int = 0,
    order: AccessOrder? = nil, pagesPerBackingPage: Int = 1, others: [OthersState] = OthersState.allCases,
    backings: [Backing], isHeadline: Bool = false, isDetail: Bool = false, takesPagesIn: Bool = false,
    takesThreads: Bool = false, isPathLength: Bool = true,
    requirement: @escaping @Sendable (Case, Workbench) -> Refusal? = { _, _ in nil },
    measure: @escaping @Sendable (Case, Workbench) throws(Refusal) -> Void
  ) {
    self.benchmark = benchmark
    self.name = name
    self.summary = summary
    self.unit = unit
    self.method = method
    self.armAxis = armAxis
    self.batches = batches
    self.threads = threads
    self.leastPages = leastPages
    self.order = order
    self.pagesPerBackingPage = pagesPerBackingPage
    self.others = others
    self.backings = backings
    self.isHeadline = isHeadline
    self.isDetail = isDetail
    self.takesPagesIn = takesPagesIn
    self.takesThreads = takesThreads
    self.isPathLength = isPathLength
    self.requirement = requirement
    self.measure = measure
  }

  public var reference: OperationReference {
    OperationReference(
      benchmark: benchmark, name: name, method: method, isReplicated: armAxis == .replica, delay: delay)
  }

  /// The same for these backings alone.
  public func serving(_ backings: [Backing]) -> OperationSpec {
    var narrowed = self
    narrowed.backings = backings
    return narrowed
  }

  /// The same with blocks as small as the caller's.
  public var ofAnySize: OperationSpec {
    var copy = self
    copy.leastPages = 0
    return copy
  }

  /// Stands for `ways` of one operation where none of them can be had: its rows say why of each.
  public static func refusing(_ ways: [OperationSpec], for backings: [Backing]) -> OperationSpec {
    OperationSpec(
      benchmark: ways[0].benchmark, name: ways[0].name, summary: ways[0].summary,
      method: ways.map(\.method).joined(separator: ";"), backings: backings,
      requirement: { measured, bench in
        let refusals = ways.filter { $0.backings.contains(measured.backing) }.compactMap { way in
          way.requirement(measured, bench).map { "\(way.method): \($0)" }
        }
        return .unsupported(refusals.joined(separator: "; "))
      },
      measure: { _, _ throws(Refusal) in throw .failed("no method was found") })
  }

  /// The same operation with another measurement in place of its own, which it is given.
  public func replacing(
    _ measurement: @escaping @Sendable (_ original: OperationSpec, Case, Workbench) throws(Refusal) -> Void
  ) -> OperationSpec {
    let original = self
    var copy = self
    copy.measure = { measured, bench throws(Refusal) in try measurement(original, measured, bench) }
    return copy
  }
}

/// Arms that are measured side by side, in rounds.
public struct CaseGroup: Sendable {
  public let spec: OperationSpec
  public let cases: [Case]
  /// What each arm is compared with; nil for the baselines themselves.
  public let baselines: [Case: Case]

  public init(spec: OperationSpec, cases: [Case], baselines: [Case: Case]) {
    self.spec = spec
    self.cases = cases
    self.baselines = baselines
  }
}

/// The cases, their order, the stopping rule, the seed.
public struct Plan: Sendable {
  public var name: String
  public var groups: [CaseGroup]
  /// What it was kept from holding, each with the way to have it.
  public var leftOut: [Finding]
  /// Relative half-width of the interval at which a group may stop.
  public var precision: Double
  /// Seconds for the whole run.
  public var budget: Double
  public var seed: UInt64
  /// Visits to every group, spread over the whole run: the unit of replication.
  public var passes: Int
  /// Blocks may shrink to so many pages where the budget is short; nil where their size is asked for.
  public var smallestPages: Int?

  public init(
    name: String, groups: [CaseGroup], leftOut: [Finding] = [], precision: Double, budget: Double,
    seed: UInt64, passes: Int = 8, smallestPages: Int? = nil
  ) {
    self.name = name
    self.groups = groups
    self.leftOut = leftOut
    self.precision = precision
    self.budget = budget
    self.seed = seed
    self.passes = passes
    self.smallestPages = smallestPages
  }

  /// The same plan with smaller blocks, but none smaller than its operation has them. Batches that are too large for one become the whole of it, once.
  func resized(pages: Int) -> Plan {
    func resized(_ measured: Case, _ spec: OperationSpec) -> Case {
      var measured = measured
      measured.pages = max(pages, spec.leastPages)
      measured.batch = measured.batch.map { min($0, pages) }
      return measured
    }
    var plan = self
    plan.groups = groups.map { group in
      let resized = { resized($0, group.spec) }
      let cases = group.cases.map(resized).reduce(into: [Case]()) { if !$0.contains($1) { $0.append($1) } }
      let baselines = group.baselines.map { (resized($0.key), resized($0.value)) }
      return CaseGroup(
        spec: group.spec, cases: cases, baselines: Dictionary(baselines) { first, _ in first })
    }
    return plan
  }
}

/// What an arm proved to be before anything of it was measured.
public struct ArmIdentity: Hashable, Sendable {
  public var abi: Dialect?
  public var guestMemfdFlags: UInt64?
  /// What the figure rests on where nothing could be proved.
  public var note: String?

  public init(abi: Dialect? = nil, guestMemfdFlags: UInt64? = nil, note: String? = nil) {
    self.abi = abi
    self.guestMemfdFlags = guestMemfdFlags
    self.note = note
  }
}
