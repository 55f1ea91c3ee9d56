// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics
import Testing

@testable import Reports

@Suite struct NodeMatrixTests {
  private func report(_ cells: [(cpuNode: Int, memoryNode: Int, value: Double, ratio: Double?)]) -> RunReport
  {
    var made = MadeReport()
    for cell in cells {
      made.measured("fault-in touch", .guestMemfd, value: cell.value)
      let last = made.report.summaries.count - 1
      made.report.summaries[last].measuredCase.cpuNode = cell.cpuNode
      made.report.summaries[last].measuredCase.memoryNode = cell.memoryNode
      made.report.context.nodeDistances[
        NodePair(cpuNode: cell.cpuNode, memoryNode: cell.memoryNode)] =
        cell.cpuNode == cell.memoryNode ? 10 : 21
      if let ratio = cell.ratio {
        made.report.summaries[last].localEffect = Effect(
          shift: LocationEstimate(value: 0, interval: .unbounded),
          ratio: LocationEstimate(value: ratio, interval: Interval(low: ratio - 0.01, high: ratio + 0.01)),
          isPaired: true)
      }
    }
    return made.report
  }

  @Test func onePairIsNoMatrix() {
    #expect(NodeMatrix.render(report([(0, 0, 1000, nil)]), color: false).isEmpty)
  }

  @Test func eachPairIsACellAndWeighsTheSame() {
    let text = NodeMatrix.render(
      report([(0, 0, 1000, nil), (0, 1, 1200, 1.2), (1, 0, 1400, 1.27), (1, 1, 1100, nil)]), color: false)
    #expect(text.contains("fault-in touch, guest_memfd, others=spin"))
    #expect(text.contains("CPU of node 0  1.00 µs (10)"))
    #expect(text.contains("1.20 µs ×1.20 [1.19, 1.21] (21)"))
    #expect(text.contains("CPU of node 1  1.40 µs ×1.27 [1.26, 1.28] (21)"))
    #expect(
      text.contains("local 1.05 µs (2), remote 1.30 µs (2, ×1.20 to ×1.27)"))
  }

  @Test func misplacedBlocksAreCounted() {
    var made = report([(0, 0, 1000, nil), (0, 1, 1200, 1.2)])
    made.summaries[1].invalidBlocks = 7
    #expect(NodeMatrix.render(made, color: false).contains("7 blocks invalid"))
  }
}
