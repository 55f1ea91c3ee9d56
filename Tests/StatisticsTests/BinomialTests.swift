// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@Suite("binomial tails")
struct BinomialTests {
  /// scipy.stats.binom.sf
  @Test(arguments: [
    (10, 100, 0.05, 0.01147241006748471), (0, 3, 0.5, 0.875), (66, 1000, 0.05, 0.01059131042965285),
  ])
  func agreesWithScipy(count: Int, trials: Int, probability: Double, expected: Double) {
    let tail = binomialUpperTail(above: count, of: trials, probability: probability)
    #expect(abs(tail - expected) < 1e-12)
  }

  @Test func nothingExceedsAll() {
    #expect(binomialUpperTail(above: 5, of: 5, probability: 0.5) == 0)
    #expect(binomialUpperTail(above: 0, of: 0, probability: 0.5) == 0)
  }
}
