// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Analysis

struct FirstRoundsTests {
  @Test func blocksAreHalvedUntilTheyFit() {
    let first = FirstRounds(fixed: 0, perPage: 0.125, pages: 512, within: 20, smallest: 1)
    #expect(first.pages == 128 && first.seconds == 16)
    #expect(FirstRounds(fixed: 0, perPage: 0.125, pages: 512, within: 20, smallest: nil).pages == 512)
    #expect(FirstRounds(fixed: 0, perPage: 0.125, pages: 512, within: 20, smallest: 256).seconds == 32)
  }

  /// Where a block takes 40 ms whatever its size, small blocks would have the same time for fewer samples.
  @Test func blocksStayLargeWhereTheirSizeIsNotWhatTakesTime() {
    let first = FirstRounds(fixed: 40, perPage: 0.01, pages: 512, within: 20, smallest: 1)
    #expect(first.pages == 512 && abs(first.seconds - 45.12) < 1e-9)
    #expect(first.finding(budget: 20) != nil)
  }

  @Test(arguments: [(large: 64.0, small: 8.0, pages: 512), (40, 39, 512), (30, 31, 512)])
  func twoSizesTellWhatAPageTakes(large: Double, small: Double, pages: Int) {
    let first = FirstRounds(large: large, small: small, pages: pages, within: 1000, smallest: 64)
    #expect(abs(first.seconds - large) < 1e-9 && first.pages == pages)
    let tight = FirstRounds(large: large, small: small, pages: pages, within: 9, smallest: 64)
    #expect(tight.pages == (large == 64 ? 64 : 512))
  }
}
