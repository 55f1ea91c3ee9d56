// SPDX-License-Identifier: Apache-2.0

/// What a run is about, fixed when it starts.
public struct RunContext: Sendable {
  /// Unique per run: start time and seed.
  public var runID: String
  /// Start, UTC, ISO 8601.
  public var startedAt: String
  public var version: String
  public var fingerprint: Fingerprint
  public var planName: String
  public var seed: UInt64
  /// Relative half-width asked for.
  public var precision: Double
  /// Seconds for the whole run.
  public var budget: Double
  public var clock: ClockDescription
  /// The CPU that measures.
  public var measuringCPU: Int
  /// CPUs that a bystander can hold.
  public var heldCPUs: CPUSet
  public var onlineCPUs: CPUSet
  /// The firmware's relative distances of the nodes (10 = local); empty where there is one.
  public var nodeDistances: [NodePair: Int]
  /// Pages and bytes of a block's region.
  public var pages: Int
  public var pageBytes: Int

  public init(
    runID: String, startedAt: String, version: String, fingerprint: Fingerprint, planName: String,
    seed: UInt64, precision: Double, budget: Double, clock: ClockDescription, measuringCPU: Int,
    heldCPUs: CPUSet, onlineCPUs: CPUSet, nodeDistances: [NodePair: Int] = [:], pages: Int, pageBytes: Int
  ) {
    self.runID = runID
    self.startedAt = startedAt
    self.version = version
    self.fingerprint = fingerprint
    self.planName = planName
    self.seed = seed
    self.precision = precision
    self.budget = budget
    self.clock = clock
    self.measuringCPU = measuringCPU
    self.heldCPUs = heldCPUs
    self.onlineCPUs = onlineCPUs
    self.nodeDistances = nodeDistances
    self.pages = pages
    self.pageBytes = pageBytes
  }
}

/// A CPU's node and a memory's.
public struct NodePair: Hashable, Sendable {
  public var cpuNode: Int
  public var memoryNode: Int

  public init(cpuNode: Int, memoryNode: Int) {
    self.cpuNode = cpuNode
    self.memoryNode = memoryNode
  }
}

/// The clock of a run and what it costs, for people and for run.json.
public struct ClockDescription: Hashable, Codable, Sendable {
  /// "tsc", "cntvct" or "monotonic".
  public var name: String
  /// Why it is that one.
  public var reason: String
  public var ticksPerNanosecond: Double
  /// Subtracted once from a call that is timed alone, ns.
  public var callOverhead: Double
  /// Subtracted once from each page of a chained loop, ns.
  public var pageOverhead: Double

  public init(
    name: String, reason: String = "", ticksPerNanosecond: Double, callOverhead: Double, pageOverhead: Double
  ) {
    self.name = name
    self.reason = reason
    self.ticksPerNanosecond = ticksPerNanosecond
    self.callOverhead = callOverhead
    self.pageOverhead = pageOverhead
  }
}

/// What timing itself adds: the same fault timed page by page and once around, in one run.
public struct TimingOverhead: Hashable, Codable, Sendable {
  public var backing: String
  /// Median over blocks of the mean per page, ns.
  public var perPage: Double
  /// The same loop, its fences included, timed once around, ns per page.
  public var whole: Double
  /// The loop without fences, as ordinary code runs it: there the CPU runs ahead of a fault.
  public var unfenced: Double
  /// perPage / whole - 1, from paired blocks, with its 95 % interval.
  public var relative: Double
  public var relativeLow: Double
  public var relativeHigh: Double
  public var blocks: Int

  public init(
    backing: String, perPage: Double, whole: Double, unfenced: Double, relative: Double, relativeLow: Double,
    relativeHigh: Double, blocks: Int
  ) {
    self.backing = backing
    self.perPage = perPage
    self.whole = whole
    self.unfenced = unfenced
    self.relative = relative
    self.relativeLow = relativeLow
    self.relativeHigh = relativeHigh
    self.blocks = blocks
  }
}

/// A run as far as it has come.
public struct RunReport: Sendable {
  public var context: RunContext
  public var summaries: [Summary]
  /// Logarithms of the probes at which adjusted effects are stated, in the order of `Probes.Kind`: the medians over the
  /// run's rounds.
  public var state: [Double?]
  /// What a reader of the figures must know, each with its remedy.
  public var warnings: [Finding]
  public var timingOverhead: TimingOverhead?
  /// False until the plan is carried out.
  public var isComplete: Bool
  /// Seconds since the start.
  public var elapsed: Double

  public init(context: RunContext) {
    self.context = context
    summaries = []
    state = []
    warnings = []
    isComplete = false
    elapsed = 0
  }
}

/// A place where results go refused them: a full disk, a reader that went away.
public struct SinkFailure: Error, Sendable, CustomStringConvertible {
  public var description: String
  public init(_ description: String) { self.description = description }
}

/// Where a run's results go as they come. Records implements it.
public protocol RunSink: AnyObject {
  /// One block, appended and flushed.
  func record(_ block: Block) throws(SinkFailure)
  /// The run so far: replaces what was published before.
  func publish(_ report: RunReport) throws(SinkFailure)
}

/// What a person may want to see while a run goes on.
public protocol RunObserver: AnyObject {
  /// Called between blocks.
  func progressed(_ state: RunProgress)
}

/// Where a run stands.
public struct RunProgress: Sendable {
  public var benchmark: String
  public var operation: String
  public var others: OthersState
  public var pass: Int
  public var passes: Int
  /// Seconds of the run's budget left.
  public var secondsLeft: Double

  public init(
    benchmark: String, operation: String, others: OthersState, pass: Int, passes: Int, secondsLeft: Double
  ) {
    self.benchmark = benchmark
    self.operation = operation
    self.others = others
    self.pass = pass
    self.passes = passes
    self.secondsLeft = secondsLeft
  }
}
