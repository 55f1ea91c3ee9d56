// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Model

/// One process that holds one CPU; ends with its owner.
struct Companion: ~Copyable {
  let cpu: Int
  private let pid: pid_t
  private let control: Region

  private init(cpu: Int, pid: pid_t, control: consuming Region) {
    self.cpu = cpu
    self.pid = pid
    self.control = control
  }

  static func start(program: String, cpu: Int, clock: ckernel_clock) throws(Refusal) -> Companion {
    let file = try MemoryFile.memfd(bytes: Int(CKERNEL_COMPANION_BYTES))
    let control = try Region.mapping(file)
    let pid = try check(
      ckernel_companion_spawn(program, Int32(cpu), clock, file.descriptor.number), "starting a companion")
    return Companion(cpu: cpu, pid: pid, control: control)
  }

  deinit { ckernel_process_end(pid) }

  private var shared: UnsafeMutablePointer<ckernel_companion> {
    control.base.assumingMemoryBound(to: ckernel_companion.self)
  }

  func command(_ command: ckernel_companion_command) throws(Refusal) {
    try check(
      ckernel_companion_command(shared, pid, command.rawValue), "the companion on CPU \(cpu) does not answer")
  }

  func read() -> ckernel_companion_booking { ckernel_companion_read(shared) }

  var isAlive: Bool { ckernel_process_lives(pid) != 0 }

  var lastBeat: ckernel_companion_beat { ckernel_companion_last_beat(shared) }

  /// The lengths of gaps number `from` to `to`, in ticks; of many, the latest.
  func lengths(from: UInt64, to: UInt64) -> [UInt64] {
    let shared = self.shared
    return [UInt64](unsafeUninitializedCapacity: Int(CKERNEL_COMPANION_LENGTHS)) { buffer, count in
      count = buffer.baseAddress.map { ckernel_companion_lengths(shared, from, to, $0) } ?? 0
    }
  }
}

/// The processes that hold every other allowed CPU in a known state. Started once, before any buffer or
/// region exists: a forked child would make resident buffers copy-on-write.
public final class Companions {
  // A list by hand, since Array takes no noncopyable element.
  private final class Node {
    let companion: Companion
    /// nil: left alone.
    var state: BusyState?
    /// When the block began.
    private var beats: UInt32 = 0
    init(_ companion: consuming Companion) { self.companion = companion }

    func mark() { beats = companion.lastBeat.beats }

    /// Why its CPU was not kept as `state` says since the mark; nil where it was.
    func look() throws(Refusal) -> String? {
      let cpu = companion.cpu
      guard companion.isAlive else { throw .failed("the process that keeps CPU \(cpu) busy has ended") }
      // A vCPU's program gives no sign of life.
      guard state != .vcpu else { return nil }
      for _ in 0..<Companions.mostLooks {
        let beat = companion.lastBeat
        if beat.beats != beats {
          return beat.cpu == cpu ? nil : "what keeps CPU \(cpu) busy was on CPU \(beat.cpu)"
        }
        usleep(Companions.lookMicroseconds)
      }
      return "nothing ran on CPU \(cpu), which was to be kept busy"
    }

    func hold(_ state: BusyState?) throws(Refusal) {
      guard state != self.state else { return }
      try companion.command(state.command)
      self.state = state
    }
  }

  /// A companion that gets no time of its CPU for so long is not at work.
  private static let mostLooks = 200
  private static let lookMicroseconds: UInt32 = 100

  private let nodes: [Node]
  /// The CPUs that have a companion.
  public let cpus: CPUSet
  /// The executable that processes are started from; nil where nothing is.
  public let program: String?

  /// Names the CPUs without starting anything: for listing what could be measured.
  public init(planned cpus: CPUSet) {
    nodes = []
    program = nil
    self.cpus = cpus
  }

  /// - Parameters:
  ///   - program: the executable whose `companion` subcommand runs them.
  ///   - cpus: the CPUs to hold, the measuring one not among them.
  public init(program: String, cpus: CPUSet, clock: ckernel_clock) throws(Refusal) {
    var nodes: [Node] = []
    for cpu in cpus.members {
      nodes.append(Node(try Companion.start(program: program, cpu: cpu, clock: clock)))
    }
    self.nodes = nodes
    self.program = program
    self.cpus = cpus
    for node in nodes { try node.companion.command(CKERNEL_COMPANION_IDLE) }
  }

  /// Keeps these CPUs busy, and leaves every other one alone.
  public func hold(_ busy: CPUSet, _ state: BusyState) throws(Refusal) {
    for node in nodes { try node.hold(busy.contains(node.companion.cpu) ? state : nil) }
  }

  /// Leaves every CPU alone.
  public func release() throws(Refusal) { try hold(CPUSet([]), .spin) }

  /// The CPUs that are busy and book what is taken from them.
  public var busy: CPUSet { CPUSet(nodes.lazy.filter { $0.state != nil }.map { $0.companion.cpu }) }

  /// A block begins: what was before says nothing of it.
  func mark() { for node in nodes { node.mark() } }

  /// Holds every busy companion against what it was told, since the mark.
  ///
  /// - Returns: why one was not at work; nil where all were.
  /// - Throws: where one has ended.
  func look() throws(Refusal) -> String? {
    var reason: String?
    for node in nodes where node.state != nil {
      if let found = try node.look(), reason == nil { reason = found }
    }
    return reason
  }

  /// Copies what each has booked so far into `bookings`, which has one entry a companion.
  func read(into bookings: inout [ckernel_companion_booking]) {
    for (index, node) in nodes.enumerated() {
      bookings[index] = node.companion.read()
    }
  }

  /// The lengths of the gaps that companion number `index` booked between two readings, in ticks; of many, the
  /// latest.
  func lengths(
    _ index: Int, from before: ckernel_companion_booking, to after: ckernel_companion_booking
  ) -> [UInt64] {
    nodes[index].companion.lengths(from: before.gaps, to: after.gaps)
  }

  /// The CPUs that may be held: allowed, not the measuring one or its SMT siblings, and no more than the
  /// CPU quota leaves beside the measuring thread.
  public static func holdable(beside cpu: Int, topology: Topology, quota: Double?) -> CPUSet {
    let others = topology.allowed.intersection(topology.online)
      .subtracting(CPUSet([cpu])).subtracting(topology.siblings(of: cpu))
    guard let quota else { return others }
    return CPUSet(others.members.prefix(max(Int(quota) - 1, 0)))
  }
}

extension BusyState? {
  fileprivate var command: ckernel_companion_command {
    switch self {
    case nil: CKERNEL_COMPANION_IDLE
    case .spin: CKERNEL_COMPANION_SPIN
    case .syscall: CKERNEL_COMPANION_SYSCALL
    case .walk: CKERNEL_COMPANION_WALK
    case .vcpu: CKERNEL_COMPANION_VCPU
    }
  }
}
