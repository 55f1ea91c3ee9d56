// SPDX-License-Identifier: Apache-2.0
import Foundation
import Machine
import Model
import TestSupport
import Testing

@testable import Suite

/// `--sibling` on recorded machines.
@Suite("the measuring CPU's SMT siblings")
struct MeasuringSiblingsTests {
  private func layout(
    _ topology: Topology, cpu: Int? = nil, _ state: SiblingState, quota: Double? = nil
  ) throws(SessionFailure) -> Layout {
    try Layout(
      SessionRequest(
        cpu: cpu, regionBytes: 4096, usesSecretMemory: false, sibling: state, seed: 1, program: nil),
      topology,
      quota: quota)
  }

  private func recorded(_ name: String) throws -> Topology {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try TopologyFile(path: tests.appendingPathComponent("Topologies/\(name).txt").path).topology
  }

  /// One node of four cores in sysfs, with two threads each or with one.
  private func machine(threads: Int, allowed: String = "0-7") throws -> Topology {
    var files = [
      "/sys/devices/system/cpu/online": "0-7\n",
      "/proc/self/status": "Cpus_allowed_list:\t\(allowed)\nMems_allowed_list:\t0\n",
      "/sys/devices/system/node/node0/cpulist": "0-7\n", "/sys/devices/system/node/node0/distance": "10\n",
      "/sys/devices/system/node/node0/meminfo": "Node 0 MemTotal: 1000 kB\nNode 0 MemFree: 400 kB\n",
    ]
    for cpu in 0..<8 {
      files["/sys/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list"] =
        threads == 2 ? "\(cpu % 4),\(cpu % 4 + 4)\n" : "\(cpu)\n"
    }
    let tree = RecordedTree(files)
    return try Topology.read(tree.files)
  }

  @Test(arguments: [
    (SiblingState.idle, "CPU 3, the SMT sibling of the measuring CPU 7, is left idle"), (.spin, "spins"),
    (.offline, "is taken offline"),
  ]) func theRunSaysWhatTheSiblingDoes(state: SiblingState, words: String) throws {
    let findings = try layout(machine(threads: 2), state).findings
    #expect(findings.contains { $0.what.contains(words) })
  }

  @Test func theSiblingIsHeldOnlyWhereItIsToSpin() throws {
    let machine = try machine(threads: 2)
    for state in SiblingState.allCases {
      let layout = try layout(machine, state)
      #expect(layout.held == CPUSet([0, 1, 2, 4, 5, 6]))
      #expect(layout.heldSiblings == (state == .spin ? CPUSet([3]) : CPUSet([])))
      #expect(layout.heldCPUs.contains(3) == (state == .spin))
    }
  }

  @Test func aMachineWithoutSMTHasNoneToHold() throws {
    let machine = try machine(threads: 1)
    #expect(try layout(machine, .idle).findings.allSatisfy { !$0.what.contains("SMT") })
    for state in [SiblingState.spin, .offline] {
      let failure = #expect(throws: SessionFailure.self) { try layout(machine, state) }
      guard case .usage(let message) = failure else {
        Issue.record("not bad usage: \(String(describing: failure))")
        continue
      }
      #expect(message == "--sibling \(state.rawValue): CPU 7 has no SMT sibling that is online")
    }
  }

  /// CPUs 3 and 6 are offline, and 7 has a core for itself.
  @Test func aSiblingThatIsOfflineIsNone() throws {
    let machine = try recorded("offline-cpus")
    #expect(throws: SessionFailure.self) { try layout(machine, cpu: 7, .spin) }
    #expect(try layout(machine, cpu: 0, .spin).heldSiblings == CPUSet([4]))
  }

  @Test func everyMeasuringCPUHasItsSiblingHeld() throws {
    let layout = try Layout(
      SessionRequest(
        cpuNodes: .these([0, 1]), regionBytes: 4096, usesSecretMemory: false, sibling: .spin, seed: 1,
        program: nil), recorded("8-nodes-512-cpus"), quota: nil)
    for place in layout.nodeCPUs.values {
      #expect(layout.topology.siblings(of: place.cpu).isSubset(of: layout.heldCPUs))
      #expect(place.held.intersection(layout.topology.siblings(of: place.cpu)).isEmpty)
    }
  }

  @Test func theQuotaAndTheMaskAreKeptTo() throws {
    let machine = try machine(threads: 2)
    // One CPU's worth for the measuring thread, one for its sibling, one is left.
    #expect(try layout(machine, .spin, quota: 3).held.count == 1)
    #expect(try layout(machine, .idle, quota: 3).held.count == 2)
    #expect(throws: SessionFailure.self) { try layout(machine, .spin, quota: 1.5) }
    let masked = try self.machine(threads: 2, allowed: "0-2,7")
    #expect(throws: SessionFailure.self) { try layout(masked, .spin) }
    #expect(try layout(masked, .offline).measuringCPU == 7)
  }

  @Test func everyCaseOfAPlanNamesItAndNoneWhereItIsIdle() throws {
    let layout = try layout(machine(threads: 2), .spin)
    func keys(_ sibling: SiblingState?) -> [String] {
      let plan = Plan.make(
        .quick, Selection(sibling: sibling, pairs: layout.pairs, pages: 512), precision: nil, budget: nil,
        seed: 1,
        otherCPUs: layout.held.count, isAvailable: { _ in true }, refuses: { _, _ in nil })
      return plan.groups.flatMap(\.cases).map(\.key)
    }
    let spinning = keys(.spin)
    #expect(!spinning.isEmpty && spinning.allSatisfy { $0.contains("/sibling=spin") })
    #expect(spinning.map { $0.replacing("/sibling=spin", with: "") } == keys(nil))
  }
}
