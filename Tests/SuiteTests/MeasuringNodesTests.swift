// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@testable import Suite

/// Two ordinary nodes, one with memory alone, one with CPUs alone, one that this process may not use.
@Suite("where a run measures")
struct MeasuringNodesTests {
  private let topology = Topology(
    online: CPUSet(Array(0...9)), allowed: CPUSet(Array(0...7)),
    nodes: [
      node(0, cpus: [0, 1], gib: 4), node(1, cpus: [2, 3], gib: 4), node(2, cpus: [], gib: 8),
      node(3, cpus: [4, 5, 6, 7], gib: 0), node(4, cpus: [8, 9], gib: 4),
    ], allowedNodes: CPUSet([0, 1, 2, 3]))

  private static func node(_ number: Int, cpus: [Int], gib: Int64) -> NUMANode {
    NUMANode(number: number, cpus: CPUSet(cpus), memoryBytes: gib << 30, freeBytes: gib << 30, distances: [])
  }

  private func nodes(
    cpu: Int? = nil, _ cpuNodes: NodeChoice? = nil, _ memoryNodes: NodeChoice? = nil
  ) throws(SessionFailure) -> MeasuringNodes {
    try MeasuringNodes(
      SessionRequest(
        cpu: cpu, cpuNodes: cpuNodes, memoryNodes: memoryNodes, regionBytes: 4096, usesSecretMemory: false,
        seed: 1, program: nil), topology)
  }

  private func pairs(_ nodes: MeasuringNodes) -> [[Int]] { nodes.pairs.map { [$0.cpuNode, $0.memoryNode] } }

  @Test func withoutAWordItIsTheLastCPUAndItsOwnMemory() throws {
    // The last CPU's node has no memory of its own: that is said, not guessed.
    #expect(throws: SessionFailure.self) { try nodes() }
    let first = try nodes(cpu: 3)
    #expect(pairs(first) == [[1, 1]] && first.cpus.map(\.cpu) == [3])
  }

  @Test func everyCPUNodeMeetsEveryMemoryNode() throws {
    let matrix = try nodes(.these([0, 1]), .these([0, 2]))
    #expect(pairs(matrix) == [[0, 0], [0, 2], [1, 0], [1, 2]])
    #expect(matrix.cpus.map(\.cpu) == [1, 3])
    #expect(pairs(try nodes(.these([1, 0]))) == [[1, 1], [0, 0]])
  }

  @Test func allIsWhatCanBeUsedAndTheRestIsSaid() throws {
    let all = try nodes(.all, .all)
    #expect(all.cpus.map(\.node) == [0, 1, 3])
    // Of more than a few pairs, those that stand for all.
    #expect(pairs(all) == [[0, 0], [0, 2], [1, 1], [3, 0]])
    let said = all.findings.map(\.what)
    #expect(said.contains("node 2 is left out: it has no CPU"))
    #expect(said.contains("node 4 is left out: it has no CPU that this process may use"))
    #expect(said.contains("the memory of node 3 is left out: it has no memory"))
    #expect(said.contains { $0.hasPrefix("the memory of node 4 is left out: it is not allowed here") })
  }

  private static let impossible: [(NodeChoice, NodeChoice?)] = [
    (.these([2]), .these([0])), (.these([4]), .these([0])), (.these([0]), .these([3])),
    (.these([0]), .these([4])), (.these([9]), .these([0])), (.these([0]), .these([9])), (.these([3]), nil),
  ]

  @Test(arguments: impossible)
  func whatCannotBeIsBadUsage(cpuNodes: NodeChoice, memoryNodes: NodeChoice?) {
    #expect(throws: SessionFailure.self) { try nodes(cpuNodes, memoryNodes) }
  }
}
