// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@Suite struct DistributionBinTests {
  @Test func emptyHasNoBins() {
    #expect(Distribution().bins.isEmpty)
  }

  @Test func equalValuesShareABinAndSignsDoNot() {
    let bins = Distribution([5, -5, 5, 0, 5]).bins
    #expect(
      bins == [
        Distribution.Bin(low: -5, high: -5, count: 1), Distribution.Bin(low: 0, high: 0, count: 1),
        Distribution.Bin(low: 5, high: 5, count: 3),
      ])
  }

  /// The same histogram from values that are kept and from buckets, but for how fine the kept ones are.
  @Test(arguments: [Distribution.exactLimit, 10 * Distribution.exactLimit])
  func everyValueIsInOneBinThatIsNarrow(count: Int) {
    var generator = SeededGenerator(seed: 7)
    let values = (0..<count).map { _ in 100 * Double.random(in: 1...2000, using: &generator) - 500 }
    let bins = Distribution(values).bins
    #expect(bins.reduce(0) { $0 + $1.count } == count)
    for (bin, next) in zip(bins, bins.dropFirst()) { #expect(bin.high < next.low) }
    for bin in bins {
      #expect(values.count { (bin.low...bin.high).contains($0) } == bin.count)
      #expect(bin.high - bin.low <= max(abs(bin.low), abs(bin.high)) / 32)
    }
  }
}
