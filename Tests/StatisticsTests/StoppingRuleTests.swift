// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Statistics

struct StoppingRuleTests {
  @Test func looks() {
    #expect((0...8).filter(StoppingRule.isLook(afterPasses:)) == [5, 6, 7, 8])
  }

  @Test func twoLooksInARowMustBePrecise() {
    var rule = StoppingRule(precision: 0.02)
    let widths = [0.03, 0.02, 0.021, .infinity, 0.01, .nan, 0.019, 0.02]
    let answers = widths.map { rule.shouldStop(relativeHalfWidth: $0) }
    #expect(answers == [false, false, false, false, false, false, false, true])
  }

  @Test func widthlessIntervalsMeetAnyPrecision() {
    var rule = StoppingRule(precision: 0)
    let answers = (0..<2).map { _ in rule.shouldStop(relativeHalfWidth: 0) }
    #expect(answers == [false, true])
  }

  @Test func blocksGrowWithTheSquareOfTheWidth() {
    #expect(blocksNeeded(precision: 0.02, blocks: 10, relativeHalfWidth: 0.04) == 40)
    #expect(blocksNeeded(precision: 0.03, blocks: 10, relativeHalfWidth: 0.04) == 18)
    #expect(blocksNeeded(precision: 0.02, blocks: 10, relativeHalfWidth: 0.01) == 10)
    #expect(blocksNeeded(precision: 0, blocks: 10, relativeHalfWidth: 0) == 10)
  }

  @Test func unknownNumbersOfBlocks() {
    #expect(blocksNeeded(precision: 0.02, blocks: 5, relativeHalfWidth: .infinity) == nil)
    #expect(blocksNeeded(precision: 0, blocks: 5, relativeHalfWidth: 0.1) == nil)
    #expect(blocksNeeded(precision: 1e-300, blocks: 5, relativeHalfWidth: 1) == nil)
  }
}
