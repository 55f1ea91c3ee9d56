// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@testable import Analysis
@testable import Model

@Suite struct DigestSeriesTests {
  @Test func countsAndBoundsAreExact() {
    let blocks: [[Double]] = [[1, 2, 9], [4, -5], [7, 8, 8, 10]]
    var digests = DigestSeries()
    var whole = BlockSeries()
    for (round, samples) in blocks.enumerated() {
      whole.add(samples, at: BlockPlace(round: round))
      digests.add(
        BlockDigest(
          samples: samples.count, median: median(samples),
          mean: samples.reduce(0, +) / Double(samples.count), minimum: samples.min(), maximum: samples.max()),
        at: BlockPlace(round: round))
    }
    #expect(!digests.keepsSamples && digests.samples == 9)
    #expect(digests.minimum == -5 && digests.maximum == 10)
    #expect(abs((digests.mean ?? 0) - (whole.samples.mean ?? 1)) < 1e-12)
    #expect(digests.series.medians == whole.medians && digests.series.interval == whole.interval)
  }

  @Test func blocksOfOneSampleLoseNothing() {
    var digests = DigestSeries()
    for (round, value) in [3.0, 1, 2].enumerated() {
      digests.add(
        BlockDigest(samples: 1, median: value, mean: value, minimum: value, maximum: value),
        at: BlockPlace(round: round))
    }
    #expect(digests.keepsSamples && digests.series.samples.count == 3 && digests.series.samples.mean == 2)
  }

  @Test func aMeanThatIsNotThereMakesNone() {
    var digests = DigestSeries()
    digests.add(
      BlockDigest(samples: 2, median: nil, mean: nil, minimum: nil, maximum: nil), at: BlockPlace(round: 1))
    #expect(digests.mean == nil && digests.samples == 2 && digests.series.blocks == 1)
  }
}
