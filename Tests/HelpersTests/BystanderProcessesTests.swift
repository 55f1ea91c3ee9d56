// SPDX-License-Identifier: Apache-2.0
import Helpers
import Model
import Testing

@Suite("which CPUs are held")
struct BystandersTests {
  private let topology = Topology(
    online: CPUSet(0..<8), allowed: CPUSet(0..<6), nodes: [], allowedNodes: CPUSet([]),
    siblings: [1: CPUSet([5])])

  @Test func allowedOnesButNotTheSiblingOfTheMeasuringCPU() {
    let held = BystanderProcesses.holdable(beside: 1, topology: topology, quota: nil)
    #expect(held.members == [0, 2, 3, 4])
  }

  @Test(arguments: [(0.5, 0), (1.0, 0), (2.5, 1), (3.0, 2), (64.0, 4)])
  func neverMoreThanTheQuotaLessOne(quota: Double, count: Int) {
    #expect(BystanderProcesses.holdable(beside: 1, topology: topology, quota: quota).count == count)
  }
}
