// SPDX-License-Identifier: Apache-2.0
import Machine
import Model
import Testing

@testable import Harness

@Suite(
  "several nodes", .enabled(if: (try? Topology.read())?.hasNUMA == true, "two NUMA nodes: scripts/lab/test"))
struct NodeTests {
  @Test func buffersLieOnTheNodeThatIsAskedFor() throws {
    defer { MemoryPolicy.reset() }
    for node in try Topology.read().nodes.map(\.number) {
      let buffers = try SampleBuffers(random: Array(0..<4096), node: node)
      for base in buffers.bases {
        let places = try #require(MemoryPolicy.nodes(of: base, in: 0, pageBytes: 4096, count: 4))
        #expect(places.allSatisfy { Int($0) == node }, "\(places)")
      }
    }
  }
}
