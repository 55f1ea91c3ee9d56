// SPDX-License-Identifier: Apache-2.0

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

  /// The same plan with smaller blocks, but none smaller than its operation has them, and those of several threads as
  /// they are: each thread has its page-table pages. Batches that are too large for a block become the whole of it, once.
  public func resized(pages: Int) -> Plan {
    func resized(_ measured: Case, _ spec: OperationSpec) -> Case {
      guard measured.threads == 1 || !spec.takesThreads else { return measured }
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
