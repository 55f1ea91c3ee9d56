// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import HostChanges
import Machine
import Model

/// What a block is measured with. It keeps nothing of a block: what one came to is its ``BlockReading``.
public final class MeasuringContext {
  public let clock: MeasuringClock
  public let topology: Topology
  public let pageBytes: Int
  public let kvm: KVMAccess
  /// As uname says it.
  public let architecture: String
  /// The file that switches the flush, whether it is there or not.
  public let flushSwitch: String
  /// Who is on which CPU.
  public let cpus: CPUAssignment
  /// What is timed, with the counters around it.
  public let timed: TimedRegion
  /// Where a timed region leaves what it took.
  public let buffers: SampleBuffers
  /// Memory that cold blocks are kept from.
  public let withheld = WithheldFrames()
  /// The frames that blocks and what is kept for them have had.
  let frames: FrameLedger
  private let mechanism: String?

  /// - Parameters:
  ///   - broadcastFlush: as of `CPUFeatures`.
  ///   - pages: that a block usually has.
  public init(
    clock: MeasuringClock, topology: Topology, kvm: KVMAccess, cpus: CPUAssignment, architecture: String,
    broadcastFlush: String?, flushSwitch: String = FlushSwitch.path, pages: Int, pageBytes: Int, seed: UInt64
  ) throws(Refusal) {
    self.clock = clock
    self.topology = topology
    self.kvm = kvm
    self.cpus = cpus
    self.architecture = architecture
    self.flushSwitch = flushSwitch
    self.pageBytes = pageBytes
    mechanism = broadcastFlush
    buffers = try SampleBuffers(pages: pages, topology: topology, measuring: cpus.measuring, seed: seed)
    timed = TimedRegion(
      clock: clock, bystanders: cpus.bystanders, online: topology.online, pageBytes: pageBytes)
    frames = FrameLedger(pageBytes: pageBytes)
  }

  /// Takes the measuring thread to its place on the case's node, and has memory come from the node of its memory.
  public func moveToNode(of measured: Case) throws(Refusal) {
    try cpus.moveToNode(of: measured)
    timed.count(cpus.online)
    try buffers.prepare(pages: measured.pages, measuring: cpus.measuring)
    // Where a sandbox refuses the policy, the placement that is read back says so.
    try? MemoryPolicy.prefer(node: measured.memoryNode)
  }

  /// The same, and brings the CPUs into the state that the case names.
  public func arrange(_ measured: Case) throws(Refusal) {
    try moveToNode(of: measured)
    try cpus.hold(measured)
    timed.count(cpus.online)
  }

  /// Who tells of flushes in a case.
  func flushWitness(of measured: Case) -> FlushWitness {
    FlushWitness(cpus.roles(of: measured), mechanism: mechanism)
  }

  /// Lets go what a group shares: its VM, its probes, the CPUs that it took offline.
  func endGroup() {
    kvm.endGroup()
    timed.endGroup()
    cpus.endGroup()
    timed.count(cpus.online)
  }
}

/// Where the pages of a block lie, as the kernel was asked, and how they came there.
public struct Placed {
  public var placement: Placement
  /// As of ``BlockReading``.
  public var frames: BlockFrames?
  /// As of ``BlockReading``.
  public var faultsUntimed: Int64?
  /// Why the block is no result.
  public var shortcoming: String?
}

extension MeasuringContext {
  /// Asks the kernel where the pages of a block's memory lie; misplaced pages make the block invalid.
  ///
  /// - Parameter process: whose pages; 0 for this one's.
  public func placement(
    of base: UnsafeMutableRawPointer, process: Int32 = 0, _ measured: Case, pages: Int? = nil
  ) -> Placed {
    let pages = pages ?? measured.pages
    let placement = Placement.check(
      base: base, of: process, pageBytes: pageBytes, count: pages, expected: measured.memoryNode,
      topology: topology)
    var placed = Placed(placement: placement)
    if process == 0 { placed.frames = frames.noteBlock(base, pages: pages) }
    if case .misplaced(let count) = placement {
      placed.shortcoming = "\(count) of \(pages) pages are not on node \(measured.memoryNode)"
    }
    return placed
  }

  /// Memory without a user mapping cannot be asked for: on a one-node machine there is no other place.
  public var assumedPlacement: Placed { Placed(placement: topology.hasNUMA ? .unknown : .onlyNode) }
}
