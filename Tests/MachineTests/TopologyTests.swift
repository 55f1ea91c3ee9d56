// SPDX-License-Identifier: Apache-2.0
import Model
import TestSupport
import Testing

@testable import Machine

@Suite struct TopologyTests {
  @Test func readsTwoSocketsAndAMemoryOnlyNode() throws {
    let tree = RecordedTree(Recorded.twoSockets)
    let topology = try Topology.read(tree.files)
    #expect(topology.online.description == "0-7")
    #expect(topology.allowed.description == "0-5")
    #expect(topology.allowedNodes.members == [0, 1])
    #expect(topology.nodes.map(\.number) == [0, 1, 4])
    #expect(topology.nodes.map(\.cpus.description) == ["0-1,4-5", "2-3,6-7", ""])
    #expect(topology.nodes.map(\.memoryBytes) == [1_024_000, 2_048_000, 8_192_000])
    #expect(topology.nodes.map(\.freeBytes) == [409_600, 512_000, 8_192_000])
    #expect(topology.node(1)?.distances == [21, 10, 30])
    #expect(topology.hasNUMA)
    #expect(topology.node(ofCPU: 6) == 1)
    #expect(topology.node(ofCPU: 8) == nil)
    #expect(topology.siblings(of: 1).members == [5])
    #expect(topology.siblings(of: 9).isEmpty)
  }

  @Test func readsOneNodeWithoutSiblings() throws {
    let tree = RecordedTree(
      Recorded.merged(
        Recorded.cpus(online: "0-1", status: "Cpus_allowed_list:\t0-1\nMems_allowed_list:\t0\n"),
        Recorded.node(0, cpus: "0-1", totalKiB: 4_000, freeKiB: 1, distance: "10")))
    let topology = try Topology.read(tree.files)
    #expect(!topology.hasNUMA)
    #expect(topology.siblings(of: 0).isEmpty)
    #expect(topology.nodes.first?.distances == [10])
  }

  @Test func keepsANodeWithoutMemory() throws {
    let tree = RecordedTree(
      Recorded.merged(
        Recorded.cpus(online: "0-3", status: "Cpus_allowed_list:\t0-3\n"),
        Recorded.node(0, cpus: "0-1", totalKiB: 4_000, freeKiB: 1, distance: "10 20"),
        Recorded.node(1, cpus: "2-3", totalKiB: 0, freeKiB: 0, distance: "20 10")))
    let topology = try Topology.read(tree.files)
    #expect(topology.node(1)?.memoryBytes == 0)
    #expect(topology.node(ofCPU: 3) == 1)
    // Without the row Mems_allowed_list, nothing is known to be barred.
    #expect(topology.allowedNodes.members == [0, 1])
  }

  @Test func leavesOfflineCPUsOut() throws {
    let tree = RecordedTree(
      Recorded.merged(
        Recorded.cpus(online: "0,2", status: "Cpus_allowed_list:\t0-3\n"),
        Recorded.node(0, cpus: "0-3", totalKiB: 1, freeKiB: 1, distance: "10"),
        ["/sys/devices/system/cpu/cpu0/topology/thread_siblings_list": "0-1\n"]))
    let topology = try Topology.read(tree.files)
    #expect(topology.allowed.members == [0, 2])
    #expect(topology.nodes.first?.cpus.members == [0, 2])
    #expect(topology.siblings(of: 0).isEmpty)
  }

  @Test func withoutNUMAThereIsOneNodeWithAllCPUs() throws {
    let tree = RecordedTree([
      "/proc/stat": "cpu  1 1 1 1 1 1 1 1 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\ncpu3 1 1 1 1 1 1 1 1 0 0\nintr 5\n",
      "/proc/meminfo": "MemTotal:     100 kB\nMemFree:   40 kB\n",
    ])
    let topology = try Topology.read(tree.files)
    #expect(topology.online.members == [0, 3])
    #expect(
      topology.nodes == [
        NUMANode(number: 0, cpus: CPUSet([0, 3]), memoryBytes: 102_400, freeBytes: 40_960, distances: [10])
      ])
  }

  @Test func distancesThatDoNotMatchTheNodesAreNotStated() throws {
    let tree = RecordedTree(
      Recorded.merged(
        Recorded.cpus(online: "0", status: ""),
        Recorded.node(0, cpus: "0", totalKiB: 1, freeKiB: 1, distance: "10 20 30")))
    #expect(try Topology.read(tree.files).nodes.first?.distances == [0])
  }

  @Test func nothingReadableIsAFailureWithARemedy() {
    let tree = RecordedTree([:])
    let failure = #expect(throws: Refusal.self) { try Topology.read(tree.files) }
    #expect(failure?.remedy == "mount /proc and /sys")
    #expect(failure?.description.contains("online") == true)
  }

  @Test func noAllowedCPUIsAFailure() {
    let tree = RecordedTree(Recorded.cpus(online: "0-1", status: "Cpus_allowed_list:\t4\n"))
    #expect(throws: Refusal.self) { try Topology.read(tree.files) }
  }
}

@Suite struct PlacementTests {
  @Test func saysWhatTheKernelSaid() {
    #expect(Placement.judge([1, 1, 1], expected: 1, nodes: [0, 1]) == .verified)
    #expect(Placement.judge([1, 0, 0], expected: 1, nodes: [0, 1]) == .misplaced(2))
    #expect(Placement.judge([1, 0, -2], expected: 1, nodes: [0, 1]) == .misplaced(1))
  }

  @Test func neverVerifiesWhatWasNotAnswered() {
    #expect(Placement.judge(nil, expected: 0, nodes: [0]) == .onlyNode)
    #expect(Placement.judge(nil, expected: 0, nodes: [0, 1]) == .unknown)
    #expect(Placement.judge([0, -2], expected: 0, nodes: [0, 1]) == .unknown)
    #expect(Placement.judge([0, -2], expected: 0, nodes: [0]) == .onlyNode)
    #expect(Placement.judge([], expected: 0, nodes: [0, 1]) == .unknown)
    #expect(Placement.judge(nil, expected: 1, nodes: [0]) == .unknown)
  }

  @Test func hasTheWordsOfTheTable() {
    let all: [Placement] = [.verified, .onlyNode, .misplaced(3), .unknown]
    #expect(all.map(\.text) == ["verified", "only-node", "misplaced 3", "unknown"])
  }
}
