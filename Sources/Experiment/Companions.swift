// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Machine

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

  func read() -> Companions.Booking {
    var booking = Companions.Booking()
    ckernel_companion_read(shared, &booking.gaps, &booking.stolen)
    return booking
  }
}

/// The processes that hold every other allowed CPU in a known state. Started once, before any buffer or
/// region exists: a forked child would make resident buffers copy-on-write.
public final class Companions {
  /// What one companion booked, in ticks of the clock.
  public struct Booking: Hashable, Sendable {
    public var gaps: UInt64 = 0
    public var stolen: UInt64 = 0
  }

  // A list by hand, since Array takes no noncopyable element.
  private final class Node {
    let companion: Companion
    init(_ companion: consuming Companion) { self.companion = companion }
  }

  private let nodes: [Node]
  /// The CPUs that have a companion.
  private let manned: CPUSet
  /// The CPUs that are held: beside the measuring one, now.
  public private(set) var cpus: CPUSet
  /// The executable that processes are started from; nil where nothing is.
  public let program: String?
  private var state: OthersState = .idle

  /// Names the CPUs without starting anything: for listing what could be measured.
  public init(planned cpus: CPUSet) {
    nodes = []
    manned = cpus
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
    manned = cpus
    self.program = program
    self.cpus = cpus
    for node in nodes { try node.companion.command(CKERNEL_COMPANION_IDLE) }
  }

  public var isEmpty: Bool { cpus.isEmpty }

  /// Holds these CPUs alone from now on; what has no companion cannot be. All are left alone until `hold`.
  public func confine(to cpus: CPUSet) throws(Refusal) {
    try hold(.idle)
    self.cpus = manned.intersection(cpus)
  }

  private var held: [Node] { nodes.filter { cpus.contains($0.companion.cpu) } }

  /// Brings every CPU held into `state`.
  public func hold(_ state: OthersState) throws(Refusal) {
    guard state != self.state else { return }
    let command = state == .spin ? CKERNEL_COMPANION_SPIN : CKERNEL_COMPANION_IDLE
    for node in held { try node.companion.command(command) }
    self.state = state
  }

  public var isSpinning: Bool { state == .spin && !nodes.isEmpty && !cpus.isEmpty }

  /// Copies what each has booked so far into `bookings`, which has one entry a CPU held.
  func read(into bookings: inout [Booking]) {
    var index = 0
    for node in nodes where cpus.contains(node.companion.cpu) {
      bookings[index] = node.companion.read()
      index += 1
    }
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
