// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Helpers
import HostChanges
import Machine
import Model
import SystemPackage

/// What a caller asks of the machine, before anything is measured.
public struct SessionRequest: Codable, Sendable {
  /// The CPU to measure on; nil chooses.
  public var cpu: Int?
  /// nil: the node of `cpu`.
  public var cpuNodes: NodeChoice?
  /// nil: the measuring CPUs' nodes.
  public var memoryNodes: NodeChoice?
  /// Bytes of a block's region.
  public var regionBytes: Int
  /// memfd_secret is among the backings: its limit bounds the region.
  public var usesSecretMemory: Bool
  public var clock: ClockChoice
  public var dialect: Dialect?
  public var acceptsHostRisk: Bool
  /// CPUs may be taken offline and back.
  public var allowsHotplug: Bool
  /// Of the measuring CPUs.
  public var sibling: SiblingState
  public var seed: UInt64
  /// The executable that runs bystanders; nil starts none.
  public var program: String?
  /// The CPUs to choose from, for a process that its parent has pinned; nil for those it is allowed.
  public var allowedCPUs: CPUSet?
  /// Milliseconds for the calibration of the clock.
  public var calibration = 1

  public init(
    cpu: Int? = nil, cpuNodes: NodeChoice? = nil, memoryNodes: NodeChoice? = nil, regionBytes: Int,
    usesSecretMemory: Bool,
    clock: ClockChoice = .auto, dialect: Dialect? = nil, acceptsHostRisk: Bool = false,
    allowsHotplug: Bool = false, sibling: SiblingState = .idle, seed: UInt64, program: String?
  ) {
    self.cpu = cpu
    self.cpuNodes = cpuNodes
    self.memoryNodes = memoryNodes
    self.regionBytes = regionBytes
    self.usesSecretMemory = usesSecretMemory
    self.clock = clock
    self.dialect = dialect
    self.acceptsHostRisk = acceptsHostRisk
    self.allowsHotplug = allowsHotplug
    self.sibling = sibling
    self.seed = seed
    self.program = program
  }
}

/// The machine made ready: pinned, bystanders started, clock calibrated, buffers resident.
public struct Session {
  public let layout: Layout
  public let fingerprint: Fingerprint
  public let context: MeasuringContext
  public let pages: Int
  /// What bears on every figure of the run.
  public let findings: [Finding]

  public var topology: Topology { layout.topology }
  public var pairs: [NodePair] { layout.pairs }

  public static func open(_ request: SessionRequest) throws(SessionFailure) -> Session {
    let place = try MeasuringPlace(request)
    do throws(Refusal) { return try Session(request, place) } catch { throw .refused(error) }
  }

  private init(_ request: SessionRequest, _ place: MeasuringPlace) throws(Refusal) {
    let layout = place.layout
    let topology = layout.topology
    let first = layout.measuringCPU
    do throws(Errno) { try Affinity.pin(toCPU: first) } catch {
      throw .failed(call: "pinning to CPU \(first)", error)
    }
    if let program = request.program { Journal.keep(program: program) }
    let features = CPUFeatures.read()
    let fingerprint = Fingerprint.read(topology)
    let (kind, reason) = try MeasuringClock.chosen(request.clock, hasInvariantCounter: features.invariantTSC)
    // Before any buffer exists: a fork would make resident pages copy-on-write.
    let bystanders =
      if let program = request.program {
        try BystanderProcesses(program: program, cpus: layout.heldCPUs, clock: kind)
      } else { BystanderProcesses(planned: layout.heldCPUs) }
    context = try MeasuringContext(
      clock: MeasuringClock(
        kind, reason: reason, countsInstructions: request.clock == .instructions,
        calibration: UInt64(request.calibration) * 1_000_000,
        pageOverhead: Timing.pageOverhead), topology: topology,
      kvm: KVMAccess(insisting: request.dialect, acceptsHostRisk: request.acceptsHostRisk),
      cpus: CPUAssignment(
        bystanders: bystanders, measuring: first, nodeCPUs: layout.nodeCPUs, topology: topology,
        allowsHotplug: request.allowsHotplug),
      architecture: fingerprint.architecture, broadcastFlush: features.broadcastFlush,
      pages: place.pages, pageBytes: place.pageBytes, seed: request.seed)
    self.layout = layout
    self.fingerprint = fingerprint
    pages = place.pages
    // Of RLIMIT_MEMLOCK the run speaks itself: it knows what it needs.
    var findings = Doctor.findings(
      topology: topology, fingerprint: fingerprint, lockable: 0,
      readsCounter: kind != CKERNEL_CLOCK_MONOTONIC && request.clock != .instructions
    ).filter { $0.severity >= .warning }
    findings += place.findings + layout.findings + context.timed.uncounted
    if kind == CKERNEL_CLOCK_MONOTONIC, request.clock == .auto {
      findings.append(
        Finding(
          .warning, "the CPU does not say that its counter is invariant: the clock is CLOCK_MONOTONIC_RAW",
          remedy: "--clock tsc, if you know the counter to be good"))
    }
    self.findings = findings
  }

  /// Why the machine does not have a backing at all, if it does not.
  public func refusal(of backing: Backing) -> Refusal? {
    do throws(Refusal) {
      _ = try Catalogue.available(backing, bytes: pages * context.pageBytes, context)
      return nil
    } catch { return error }
  }

  /// What a baseline must be.
  public func offers(_ backing: Backing) -> Bool { refusal(of: backing) == nil }

  /// Why the machine lacks what an operation requires beside the backing, if it does.
  public func refusal(of spec: OperationSpec, _ measured: Case) -> Refusal? {
    Catalogue.requirement(of: spec, measured, context)
  }
}

extension Session {
  /// Every case of a plan, and whether it can be measured here.
  public func listing(of plan: Plan) -> [ListedCase] {
    plan.groups.flatMap { group in
      group.cases.map { measured in
        var listed = ListedCase(measured, summary: group.spec.summary)
        do throws(Refusal) { _ = try Catalogue.identify(group.spec, measured, context) } catch {
          listed.refusal = error
        }
        return listed
      }
    }
  }

  /// What a run of `plan` is about.
  public func runContext(of plan: Plan, version: String) -> RunContext {
    let startedAt = Self.timestamp()
    let compact = startedAt.filter { $0.isLetter || $0.isNumber }
    return RunContext(
      runID: "\(compact)-\(plan.seed)", startedAt: startedAt, version: version, fingerprint: fingerprint,
      planName: plan.name, seed: plan.seed, precision: plan.precision, budget: plan.budget,
      clock: context.clock.description, measuringCPU: context.cpus.measuring,
      heldCPUs: context.cpus.roles.held.union(layout.heldSiblings), onlineCPUs: topology.online,
      nodeDistances: nodeDistances,
      pages: pages,
      pageBytes: context.pageBytes)
  }

  private var nodeDistances: [NodePair: Int] {
    guard topology.hasNUMA else { return [:] }
    let pairs = topology.nodes.flatMap { from in
      zip(topology.nodes, from.distances).map { (NodePair(cpuNode: from.number, memoryNode: $0.number), $1) }
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// Now, UTC, ISO 8601.
  private static func timestamp() -> String {
    var now = time(nil)
    var fields = tm()
    gmtime_r(&now, &fields)
    var text = [CChar](repeating: 0, count: 32)
    let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &fields)
    return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
