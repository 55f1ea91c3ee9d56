// SPDX-License-Identifier: Apache-2.0
import Model
import Reports
import Testing

@Suite struct PlanOutlineTests {
  private func outline(
    backings: [Backing] = [.memfd, .guestMemfd], pairs: [NodePair], pages: Int = 512, budget: Double = 24,
    smallest: Int? = 64, leftOut: [Finding] = []
  ) -> String {
    let spec = OperationSpec(
      benchmark: "fault-in", name: "touch", summary: "", method: "", backings: backings)
    let cases = pairs.flatMap { pair in
      backings.map {
        Case("fault-in", "touch", $0, pages: pages).with {
          ($0.cpuNode, $0.memoryNode, $0.others) = (pair.cpuNode, pair.memoryNode, .spin)
        }
      }
    }
    let plan = Plan(
      name: "quick", groups: [CaseGroup(spec: spec, cases: cases, baselines: [:])], leftOut: leftOut,
      precision: 0.05,
      budget: budget, seed: 7, smallestPages: smallest)
    let topology = Topology(
      online: CPUSet([0, 1, 3]), allowed: CPUSet([0, 1]),
      nodes: [
        NUMANode(number: 0, cpus: CPUSet([0, 1, 3]), memoryBytes: 1, freeBytes: 1, distances: [10, 20]),
        NUMANode(number: 1, cpus: CPUSet([]), memoryBytes: 0, freeBytes: 0, distances: [20, 10]),
      ], allowedNodes: CPUSet([0, 1]))
    return PlanOutline(
      plan: plan, topology: topology, source: "host.txt", quota: 1.5, pairs: pairs, measuringCPU: 1,
      heldCPUs: CPUSet([0]), findings: [], pageBytes: 4096
    ).render(color: false)
  }

  private let own = NodePair(cpuNode: 0, memoryNode: 0)

  @Test func saysWhatItRestsOn() {
    let text = outline(pairs: [own])
    #expect(
      text.contains(
        "topology of host.txt: nodes 0, 1 (no CPU, no memory); 3 CPUs online (0-1,3), 2 allowed, 1.50 of"))
    #expect(text.contains("measured on CPU 1, with 1 other CPU to hold; CPU node:memory node 0:0\n"))
    #expect(text.contains("assumed, not measured: 1.5 ms a block and 9 µs a page"))
    #expect(
      text.contains("plan quick, seed 7: 2 cases in 1 group, at least 32 blocks of 512 pages of 4 KiB\n"))
    #expect(text.contains("fault-in touch     2  2 backings others=spin      32      195 ms\n"))
    #expect(!text.contains("warning"))
  }

  @Test func pairsAreCountedWhereThereAreSeveral() {
    let text = outline(pairs: [own, NodePair(cpuNode: 0, memoryNode: 1)])
    #expect(text.contains("  4  2 backings 2 pairs of nodes others=spin"))
  }

  @Test func blocksShrinkToFitAndWhatDoesNotEvenSoIsSaid() {
    // 32 blocks of 1.5 ms and 9 µs a page.
    let shrunk = outline(pairs: [own], budget: 0.13)
    #expect(shrunk.contains("32 blocks of 256 pages of 4 KiB (512 would not fit; --size keeps them)"))
    #expect(!shrunk.contains("warning"))
    let asked = outline(pairs: [own], budget: 0.13, smallest: nil)
    #expect(asked.contains("of 512 pages of 4 KiB\n"))
    #expect(asked.contains("warning: the first rounds of every case take about 1 s with blocks of 512 pages"))
    let tooMany = outline(pairs: [own], budget: 0.001)
    #expect(tooMany.contains("blocks of 64 pages"))
    #expect(tooMany.contains("  → --budget 10s, or fewer operations, backings or nodes"))
  }

  @Test func whatWasLeftOutIsSaid() {
    let text = outline(pairs: [own], leftOut: [Finding(.warning, "left out: most", remedy: "ask for it")])
    #expect(text.hasSuffix("warning: left out: most\n  → ask for it\n"))
  }
}
