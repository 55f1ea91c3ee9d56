// SPDX-License-Identifier: Apache-2.0
import Machine
import Model
import Testing

@testable import Harness

@Suite(
  "several nodes", .enabled(if: (try? Topology.read())?.hasNUMA == true, "two NUMA nodes: scripts/lab/test"))
struct NodeTests {
  @Test func buffersLieOnTheNodeOfTheMeasuringCPU() throws {
    defer { MemoryPolicy.reset() }
    let topology = try Topology.read()
    let cpus = topology.nodes.compactMap { node in node.cpus.members.first.map { (node.number, $0) } }
    let buffers = try SampleBuffers(pages: 4096, topology: topology, measuring: cpus[0].1, seed: 1)
    // Larger blocks take larger buffers, also where there are some already.
    for pages in [4096, 8192] {
      for (node, cpu) in cpus {
        try buffers.prepare(pages: pages, measuring: cpu)
        #expect(buffers.capacity >= pages)
        for base in buffers.bases {
          let places = try #require(MemoryPolicy.nodes(of: base, in: 0, pageBytes: 4096, count: 4))
          #expect(places.allSatisfy { Int($0) == node }, "\(places)")
        }
      }
    }
  }
}
