// SPDX-License-Identifier: Apache-2.0
import Model

/// The columns of the axes of a case, all of them here. `placement` stands between the two parts.
extension SummaryCSV {
  static let axes: [SummaryColumn] = [
    .whole("pages", "Pages in the region of one block.") { $0.measured.pages },
    .text("order", "The order in which the pages are touched: `sequential` or `random`.") {
      $0.measured.order.rawValue
    },
    .whole("threads", "Threads that touch the region at once.") { $0.measured.threads },
    .whole("cpu_node", "The NUMA node of the measuring CPU.") { $0.measured.cpuNode },
    .whole("memory_node", "The NUMA node that the memory is bound to.") { $0.measured.memoryNode },
  ]

  static let stateAxes: [SummaryColumn] = [
    .text("others", "What the other CPUs do: `spin`, `idle` or `poll`.") { $0.measured.others.rawValue },
    .text("state", "What a block finds of the blocks before it: `cold` or `warm`.", since: 2) {
      $0.measured.state.rawValue
    },
    .text(
      "direct_map", "What --direct-map asked for: `cold` or `split`.",
      empty: "where blocks take the direct map as it comes"
    ) { $0.measured.directMap?.rawValue },
    .text(
      "sibling", "What --sibling had the measuring CPU's SMT siblings do: `spin` or `offline`.",
      empty: "where they are left idle, and where there are none", since: 3
    ) { $0.measured.sibling?.rawValue },
  ]
}
