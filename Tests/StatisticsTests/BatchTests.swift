// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct BatchTests {
  @Test(arguments: 0...40, 1...12) func neighboursStayTogether(values: Int, count: Int) {
    let all = Array(0..<values)
    let cut = batches(of: all, count: count)
    #expect(cut.count == min(count, values))
    #expect(Array(cut.joined()) == all)
    let sizes = cut.map(\.count)
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    #expect(sizes == sizes.sorted(by: >))
  }

  @Test func eightUnlessAsked() {
    #expect(batches(of: Array("abcdefghij")).map(\.count) == [2, 2, 1, 1, 1, 1, 1, 1])
  }
}
