// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import GuestMemory
import Harness
import Model
import Suite

/// What to measure: shared by every command that has a plan.
struct SelectionOptions: ParsableArguments {
  @Option(help: "The plan: quick (under 30 s), full (under 10 min), nightly (under 30 min).")
  var plan: PlanName = .quick

  @Option(help: ArgumentHelp("Benchmarks, comma-separated.", valueName: "list"))
  var benchmark: CommaSeparated<KnownBenchmark>?

  @Option(help: ArgumentHelp("Backings, comma-separated.", valueName: "list"))
  var backing: CommaSeparated<Backing>?

  @Option(help: ArgumentHelp("Operations, comma-separated.", valueName: "list"))
  var operation: CommaSeparated<KnownOperation>?

  @Option(
    help: ArgumentHelp(
      "Methods of flush-cost, comma-separated (default: the first of them that the machine allows).",
      valueName: "list"))
  var method: CommaSeparated<KnownMethod>?

  @Option(
    help:
      "Bytes of a block's region (64KiB, 2MiB, 1GiB; default: the plan's, less if the budget is short; aftermath: 64MiB)."
  )
  var size: ByteCount?

  @Option(
    help: ArgumentHelp(
      "Threads (or vCPUs) that fault parts of a region at once: numbers, such as 1,2,...,all; all is one on every CPU (default: 1).",
      valueName: "list"))
  var threads: CommaSeparated<ThreadCount>?

  @Option(help: "In which order the pages are touched.")
  var order: AccessOrder = .sequential

  @Option(
    help:
      "What a block finds: frames that are in no cache (cold), or what a block of the same kind left (warm)."
  )
  var state: BlockState = .cold

  @Option(help: "Visits to every case, spread over the whole run (default: 12).")
  var passes: Int?

  @Option(
    help:
      "Blocks find the direct map already split, or untouched (cold: leaves up to a quarter of the memory split)."
  )
  var directMap: DirectMapSetting?

  @Option(help: "The CPU to measure on (default: the last one allowed).")
  var cpu: Int?

  @Option(
    help: ArgumentHelp(
      "Measure on a CPU of each of these nodes, comma-separated, or all.", valueName: "list"))
  var cpuNode: NodeChoice?

  @Option(
    help: ArgumentHelp(
      "Nodes on which the memory is, comma-separated, or all (default: the CPU's own).",
      valueName: "list"))
  var memoryNode: NodeChoice?

  @Option(
    help: ArgumentHelp(
      "States of the other CPUs: spin, idle; poll (idle, but kept from idle states).", valueName: "list"))
  var others: CommaSeparated<OthersState>?

  @Option(
    help:
      "The measuring CPU's SMT siblings: left alone (idle), held by a process that spins (spin), or taken offline (offline: as root, with --hotplug)."
  )
  var sibling: SiblingState = .idle

  @Option(help: "What the arms are compared with (default: guest_memfd, else memfd, else anonymous).")
  var baseline: Backing?

  @Option(help: "Relative half-width of all intervals at which the run may stop (2%, 0.02).")
  var precision: Fraction?

  @Option(help: "Time for the whole run (60s, 5min).")
  var budget: TimeBudget?

  @Option(help: "Seed of every random choice (default: from the clock).")
  var seed: UInt64?

  @Option(help: "The clock: auto, tsc, monotonic.")
  var clock: ClockChoice = .auto

  @Option(help: "The dialect of the flag: auto, mainline, v7.")
  var abi: DialectChoice = .auto

  @Flag(help: "Allow a v7 kernel's flag although its bug can crash the host.")
  var acceptHostRisk = false

  @Flag(
    help: ArgumentHelp(
      "Let targets and --sibling offline take CPUs offline and back, as root; flush-cost too, where it has no better method.",
      discussion: "Whatever runs on this machine bound to one CPU loses that.")
  )
  var hotplug = false

  func validate() throws {
    guard passes.map({ (1...1000).contains($0) }) ?? true else {
      throw ValidationError("--passes is 1 to 1000")
    }
  }

  /// - Parameter program: the executable to run bystanders from; nil only lists.
  func open(seed: UInt64, program: String?) throws -> Session {
    try Self.open(request(seed: seed, program: program))
  }

  /// For a run, which measures in processes of its passes.
  func runRequest(seed: UInt64) -> SessionRequest {
    var request = request(seed: seed, program: nil)
    request.calibration = 100
    return request
  }

  /// Where a run on such a machine would measure; asks this one for nothing.
  func layout(of topology: Topology, quota: Double?) throws -> Layout {
    try Self.reported { () throws(SessionFailure) in
      try Layout(request(seed: 0, program: nil), topology, quota: quota)
    }
  }

  /// Bytes of a block's region.
  var regionBytes: Int { size?.bytes ?? plan.regionBytes }

  private func request(seed: UInt64, program: String?) -> SessionRequest {
    SessionRequest(
      cpu: cpu, cpuNodes: cpuNode, memoryNodes: memoryNode, regionBytes: regionBytes,
      usesSecretMemory: backing?.values.contains { $0.source == .memfdSecret } ?? true, clock: clock,
      dialect: abi.dialect,
      acceptsHostRisk: acceptHostRisk, allowsHotplug: hotplug, sibling: sibling, seed: seed, program: program)
  }

  /// What is wrong with a request is bad usage or a failure.
  static func open(_ request: SessionRequest) throws -> Session {
    try reported { () throws(SessionFailure) in try Session.open(request) }
  }

  /// The same of where a session would measure.
  static func place(_ request: SessionRequest) throws -> MeasuringPlace {
    try reported { () throws(SessionFailure) in try MeasuringPlace(request) }
  }

  private static func reported<Value>(_ body: () throws(SessionFailure) -> Value) throws -> Value {
    do {
      return try body()
    } catch .usage(let message) {
      throw ValidationError(message)
    } catch .refused(let refusal) {
      throw refusal
    }
  }

  /// - Parameter namesAll: where no operation is named, each is, so that the plan leaves none out.
  func plan(for session: Session, seed: UInt64, namesAll: Bool = false) -> Plan {
    plan(
      for: session.layout, pages: session.pages, seed: seed, namesAll: namesAll, isAvailable: session.offers,
      refuses: session.refusal)
  }

  /// Without a machine to ask, every backing and method is taken to be there.
  func plan(
    for layout: Layout, pages: Int, seed: UInt64, namesAll: Bool = false,
    isAvailable: (Backing) -> Bool = { _ in true },
    refuses: (OperationSpec, Case) -> Refusal? = { _, _ in nil }
  ) -> Plan {
    let everything = namesAll ? Catalogue.specs.map(\.name) : nil
    let most = layout.held.count + 1
    let selection = Selection(
      benchmarks: benchmark?.values.map(\.name), operations: operation?.values.map(\.name) ?? everything,
      backings: backing?.values, others: others?.values, methods: method?.values.map(\.name),
      threads: threads.map { ThreadCount.numbers($0.values, all: most) },
      baseline: baseline, order: order, state: state, directMap: directMap,
      sibling: sibling == .idle ? nil : sibling,
      pairs: layout.pairs, pages: pages)
    return Plan.make(
      plan, selection, precision: precision?.value, budget: budget?.seconds, seed: seed,
      passes: passes, isSizeAsked: size != nil, otherCPUs: layout.held.count,
      othersByNode: layout.othersByNode, onlineCPUs: layout.topology.online.count,
      isAvailable: isAvailable, refuses: refuses)
  }
}
