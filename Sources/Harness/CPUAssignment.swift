// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Helpers
import HostChanges
import Machine
import Model
import SystemPackage

/// Where the measuring thread is on a node, and whom it has beside it.
public struct NodeCPUs: Hashable, Sendable {
  public var cpu: Int
  /// The CPUs that can be held meanwhile.
  public var held: CPUSet

  public init(cpu: Int, held: CPUSet) {
    self.cpu = cpu
    self.held = held
  }
}

/// Who is on which CPU: the measuring thread, the bystanders beside it, and which CPUs are online.
public final class CPUAssignment {
  public let bystanders: BystanderProcesses
  /// The CPU that the measuring thread is pinned to.
  public private(set) var measuring: Int
  /// Which CPU does what beside the measuring one, now.
  public private(set) var roles: CPURoles
  /// Who does what where it measures on each node.
  private let rolesByNode: [Int: CPURoles]
  private let topology: Topology
  /// CPUs may be taken offline.
  private let allowsHotplug: Bool
  /// The CPUs that are online now.
  public private(set) var online: CPUSet
  /// While a case has taken CPUs offline.
  private var onlineCPUs: OnlineCPUs?
  /// While a case has the other CPUs poll.
  private var idleStatesOff: IdleStatesOff?
  /// Why CPUs stayed offline.
  private var hotplugFailure: Refusal?

  /// The work that a change of the online CPUs leaves behind is done by then, and those that came back sleep as the
  /// others do.
  private static let hotplugRestMicroseconds: UInt64 = 50_000
  /// The memory that is touched and freed after such a change.
  private static let settlingBytes = 4 << 20

  /// Waits until a change of the online CPUs no longer shows in what is measured on this one.
  ///
  /// Memory is touched and freed as well: here the first block of memfd after a CPU had come back took 60 to 100 µs a
  /// page where 2.4 µs are usual, however long it had waited, and the second one did not (the same in a plain C loop:
  /// Results/README.md).
  public static func settle() throws(Refusal) {
    ckernel_rest(hotplugRestMicroseconds)
    let pageBytes = Int(getpagesize())
    let memory = try Region.anonymous(bytes: settlingBytes)
    try check(
      ckernel_touch(memory.base, pageBytes, settlingBytes / pageBytes), "touching memory after a CPU hotplug")
  }

  /// - Parameters:
  ///   - measuring: the CPU that the calling thread is pinned to.
  ///   - nodeCPUs: who measures on each node, and who can be held beside.
  public init(
    bystanders: BystanderProcesses, measuring: Int, nodeCPUs: [Int: NodeCPUs], topology: Topology,
    allowsHotplug: Bool
  ) {
    self.bystanders = bystanders
    self.measuring = measuring
    self.topology = topology
    self.allowsHotplug = allowsHotplug
    online = topology.online
    let heldCPUs = bystanders.cpus
    func roles(_ cpu: Int, _ held: CPUSet) -> CPURoles {
      CPURoles(
        measuring: cpu, held: heldCPUs.intersection(held), topology: topology, allowsHotplug: allowsHotplug)
    }
    self.roles = roles(measuring, nodeCPUs.values.first { $0.cpu == measuring }?.held ?? heldCPUs)
    rolesByNode = nodeCPUs.mapValues { roles($0.cpu, $0.held) }
  }

  /// Who does what in a case: beside the CPU that measures on its node.
  public func roles(of measured: Case) -> CPURoles { rolesByNode[measured.cpuNode] ?? roles }

  /// The CPUs that are held and online.
  var heldOnline: CPUSet { bystanders.cpus.intersection(roles.held).intersection(online) }

  /// Takes the measuring thread to its place on the case's node.
  func moveToNode(of measured: Case) throws(Refusal) {
    let other = roles(of: measured)
    guard other.measuring != measuring else { return }
    try bystanders.release()
    try bringBack()
    do throws(Errno) { try Affinity.pin(toCPU: other.measuring) } catch {
      throw .failed(call: "pinning to CPU \(other.measuring)", error)
    }
    measuring = other.measuring
    roles = other
  }

  /// Brings the other CPUs into the state that a case names, whose place the measuring thread has.
  func hold(_ measured: Case) throws(Refusal) {
    if let hotplugFailure { throw hotplugFailure }
    guard let wanted = roles.online(in: measured) else {
      throw .unsupported("this machine cannot have \(measured.online ?? 0) CPUs online")
    }
    if wanted != online {
      // A bystander whose CPU goes would go on with its work on another.
      try bystanders.release()
      try keepOnline(wanted)
      try Self.settle()
    }
    let busy = roles.busy(in: measured)
    try bystanders.hold(busy.cpus, busy.state)
    switch (measured.others, idleStatesOff == nil) {
    case (.poll, true): idleStatesOff = try IdleStatesOff()
    case (.spin, false), (.idle, false): idleStatesOff = nil
    default: break
    }
  }

  /// Why CPUs cannot be taken offline and back, down to `least` numbers of online CPUs.
  public func hotplugRefusal(least: Int) -> Refusal? {
    do throws(Refusal) {
      try OnlineCPUs.check(beside: measuring, online: topology.online, least: least)
    } catch { return error }
    return unaskedHotplug
  }

  private var unaskedHotplug: Refusal? {
    allowsHotplug ? nil : .unsupported("CPUs are not taken offline unasked", remedy: "--hotplug")
  }

  /// Why the measuring CPU's SMT siblings cannot be in the state that a case names.
  public func siblingRefusal(of measured: Case) -> Refusal? {
    guard let state = measured.sibling else { return nil }
    let roles = roles(of: measured)
    guard !roles.siblings.isEmpty else {
      return .unsupported(
        "CPU \(roles.measuring) has no SMT sibling that is online", remedy: "--sibling idle")
    }
    guard measured.busy == nil, measured.online == nil else {
      return .unsupported(
        "the operation itself says which CPUs are busy and online", remedy: "--sibling idle")
    }
    switch state {
    case .idle: return nil
    case .spin:
      guard !roles.siblings.isSubset(of: bystanders.cpus) else { return nil }
      return .unsupported(
        "no process of ours holds CPU \(roles.siblings), the SMT sibling of CPU \(roles.measuring)",
        remedy: "--sibling spin")
    case .offline: return unaskedHotplug ?? OnlineCPUs.refusal(of: roles.siblings)
    }
  }

  /// Lets the state go that a group's cases shared.
  func endGroup() {
    idleStatesOff = nil
    // What stays offline is no state to measure in: every case from here on says so.
    do throws(Refusal) { try bringBack() } catch { hotplugFailure = error }
  }

  private func keepOnline(_ cpus: CPUSet) throws(Refusal) {
    do throws(Refusal) {
      if onlineCPUs == nil { onlineCPUs = OnlineCPUs(beside: measuring, online: topology.online) }
      try onlineCPUs?.keep(cpus)
    } catch { throw error.asFailure }
    online = cpus
  }

  private func bringBack() throws(Refusal) {
    guard let cpus = onlineCPUs.take() else { return }
    do throws(Refusal) { try cpus.restore() } catch { throw error.asFailure }
    online = topology.online
  }
}
