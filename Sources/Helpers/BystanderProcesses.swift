// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import Glibc
import Model

/// The processes that hold every other allowed CPU in a known state. Started once, before any buffer or
/// region exists: a forked child would make resident buffers copy-on-write.
public final class BystanderProcesses {
  // A list by hand, since Array takes no noncopyable element.
  private final class Node {
    let bystander: BystanderProcess
    /// nil: left alone.
    var state: BusyState?
    /// When the block began.
    private var beats: UInt32 = 0
    init(_ bystander: consuming BystanderProcess) { self.bystander = bystander }

    func mark() { beats = bystander.lastBeat.beats }

    /// Why its CPU was not kept as `state` says since the mark; nil where it was.
    func look() throws(Refusal) -> String? {
      let cpu = bystander.cpu
      guard bystander.isAlive else { throw .failed("the process that keeps CPU \(cpu) busy has ended") }
      // A vCPU's program gives no sign of life.
      guard state != .vcpu else { return nil }
      for _ in 0..<BystanderProcesses.mostLooks {
        let beat = bystander.lastBeat
        if beat.beats != beats {
          return beat.cpu == cpu ? nil : "what keeps CPU \(cpu) busy was on CPU \(beat.cpu)"
        }
        usleep(BystanderProcesses.lookMicroseconds)
      }
      return "nothing ran on CPU \(cpu), which was to be kept busy"
    }

    func hold(_ state: BusyState?) throws(Refusal) {
      guard state != self.state else { return }
      try bystander.command(state.command)
      self.state = state
    }
  }

  /// A bystander that gets no time of its CPU for so long is not at work.
  private static let mostLooks = 200
  private static let lookMicroseconds: UInt32 = 100

  private let nodes: [Node]
  /// The CPUs that have a bystander.
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
  ///   - program: the executable that each is started from (``BystanderProcess/serve(cpu:clock:parent:)``).
  ///   - cpus: the CPUs to hold, the measuring one not among them.
  public init(program: String, cpus: CPUSet, clock: ckernel_clock) throws(Refusal) {
    var nodes: [Node] = []
    for cpu in cpus.members {
      nodes.append(Node(try BystanderProcess.start(program: program, cpu: cpu, clock: clock)))
    }
    self.nodes = nodes
    self.program = program
    self.cpus = cpus
    for node in nodes { try node.bystander.command(CHELPERS_BYSTANDER_IDLE) }
  }

  /// Keeps these CPUs busy, and leaves every other one alone.
  public func hold(_ busy: CPUSet, _ state: BusyState) throws(Refusal) {
    for node in nodes { try node.hold(busy.contains(node.bystander.cpu) ? state : nil) }
  }

  /// Leaves every CPU alone.
  public func release() throws(Refusal) { try hold(CPUSet([]), .spin) }

  /// The CPUs that are busy and book what is taken from them.
  public var busy: CPUSet { CPUSet(nodes.lazy.filter { $0.state != nil }.map { $0.bystander.cpu }) }

  /// A block begins: what was before says nothing of it.
  public func mark() { for node in nodes { node.mark() } }

  /// Holds every busy bystander against what it was told, since the mark.
  ///
  /// - Returns: why one was not at work; nil where all were.
  /// - Throws: where one has ended.
  public func look() throws(Refusal) -> String? {
    var reason: String?
    for node in nodes where node.state != nil {
      if let found = try node.look(), reason == nil { reason = found }
    }
    return reason
  }

  /// Gaps that all of them have counted so far.
  public var gaps: UInt64 { nodes.reduce(0) { $0 &+ $1.bystander.read().gaps } }

  /// Copies what each has counted so far into `counts`, which has one entry a bystander.
  public func read(into counts: inout [chelpers_bystander_counts]) {
    for (index, node) in nodes.enumerated() {
      counts[index] = node.bystander.read()
    }
  }

  /// The lengths of the gaps that bystander number `index` counted between two readings, in ticks; of many, the
  /// latest.
  public func lengths(
    _ index: Int, from before: chelpers_bystander_counts, to after: chelpers_bystander_counts
  ) -> [UInt64] {
    nodes[index].bystander.lengths(from: before.gaps, to: after.gaps)
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
