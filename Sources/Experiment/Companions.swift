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

  deinit { ckernel_companion_end(pid) }

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
    var state = OthersState.idle
    init(_ companion: consuming Companion) { self.companion = companion }
  }

  private let nodes: [Node]
  public let cpus: CPUSet

  /// Names the CPUs without starting anything: for listing what could be measured.
  public init(planned cpus: CPUSet) {
    nodes = []
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
    self.cpus = cpus
    for node in nodes { try node.companion.command(CKERNEL_COMPANION_IDLE) }
  }

  public var isEmpty: Bool { cpus.isEmpty }

  /// The CPUs that the further threads of a block run on, beside the measuring one's.
  public func given(to threads: Int) -> ArraySlice<Int> { cpus.members.prefix(threads - 1) }

  /// Brings every CPU held into `state`, but those that `threads` threads run on are left to them.
  public func hold(_ state: OthersState, threads: Int = 1) throws(Refusal) {
    for (index, node) in nodes.enumerated() {
      let due = index < threads - 1 ? .idle : state
      guard due != node.state else { continue }
      try node.companion.command(due == .spin ? CKERNEL_COMPANION_SPIN : CKERNEL_COMPANION_IDLE)
      node.state = due
    }
  }

  public var isSpinning: Bool { nodes.contains { $0.state == .spin } }

  /// Copies what each has booked so far into `bookings`, which has one entry a companion.
  func read(into bookings: inout [Booking]) {
    for (index, node) in nodes.enumerated() {
      bookings[index] = node.companion.read()
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
