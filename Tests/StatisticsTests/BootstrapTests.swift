// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

struct BootstrapTests {
  private func interval(_ blocks: [[Double]], seed: UInt64 = 1) -> Interval? {
    bootstrapInterval(blocks: blocks, seed: seed) { Distribution($0.joined()).quantile(0.99) }
  }

  static let blocks: [[Double]] = {
    var generator = SeededGenerator(seed: 3)
    return (0..<10).map { _ in
      let level = generator.lognormal(median: 100, spread: 0.2)
      return (0..<50).map { _ in generator.lognormal(median: level, spread: 0.3) }
    }
  }()

  @Test func aSeedRepeatsItself() throws {
    let first = try #require(interval(Self.blocks))
    #expect(first == interval(Self.blocks))
    #expect(first != interval(Self.blocks, seed: 2))
    #expect(first.isFinite && first.low < first.high)
  }

  @Test func aRoundsPairStaysTogether() throws {
    let pairs = Self.blocks.map { (baseline: $0[0], value: 2 * $0[0]) }
    let ratio = try #require(
      bootstrapInterval(blocks: pairs, seed: 1) { pairs in
        guard let value = median(pairs.map(\.value)), let baseline = median(pairs.map(\.baseline)) else {
          return nil
        }
        return value / baseline
      })
    #expect(isClose(ratio.low, 2) && isClose(ratio.high, 2))
  }

  @Test func equalBlocksGiveNoWidth() {
    let equal = [[Double]](repeating: [5, 5], count: 8)
    #expect(interval(equal) == Interval(low: 5, high: 5))
  }

  @Test func tooFewBlocks() {
    #expect(interval([]) == nil)
    for count in 1..<8 { #expect(interval(Array(Self.blocks.prefix(count))) == .unbounded) }
    #expect(interval(Array(Self.blocks.prefix(8)))?.isFinite == true)
  }

  @Test func statisticsWithoutAnAnswer() {
    #expect(bootstrapInterval(blocks: Self.blocks, seed: 1) { _ in nil } == nil)
    #expect(bootstrapInterval(blocks: Self.blocks, seed: 1) { _ in .nan } == nil)
    #expect(bootstrapInterval(blocks: Self.blocks, seed: 1) { _ in .infinity } == nil)
    // Only a resample meets the division by zero.
    let blocks: [Double] = [0, 1, 1, 1, 1, 1, 1, 1]
    #expect(bootstrapInterval(blocks: blocks, seed: 1) { 1 / $0[0] } == nil)
  }

  /// As tables print them.
  @Test(arguments: [(7, 2.364624), (19, 2.093024), (59, 2.000995), (1, 12.706205)])
  func studentsQuantiles(degrees: Double, expected: Double) {
    #expect(isClose(upperStudentQuantile(0.025, degreesOfFreedom: degrees), expected, tolerance: 1e-6))
  }

  /// Of the mean of skewed blocks: the truth is exp(0.3² / 2) times their median.
  @Test(arguments: [8, 20, 60]) func coverageOfAMean(blocks: Int) throws {
    let trials = 1000
    var generator = SeededGenerator(seed: UInt64(blocks))
    let covered = try (0..<trials).count { trial in
      let values = (0..<blocks).map { _ in generator.lognormal(median: 100, spread: 0.3) }
      let interval = try #require(
        bootstrapInterval(blocks: values, seed: UInt64(trial), resamples: 400) {
          $0.reduce(0, +) / Double($0.count)
        })
      return interval.low <= 100 * exp(0.045) && 100 * exp(0.045) <= interval.high
    }
    #expect(Double(covered) >= 0.925 * Double(trials) && Double(covered) <= 0.97 * Double(trials))
    report("mean, bootstrap", blocks, covered, of: trials)
  }

  /// Of a pooled p99 that samples of any block may reach; 8 blocks are too few for the full 95 %. Takes a minute.
  @Test(.enabled(if: printsFigures, "GMEMBENCH_FIGURES is not set"), arguments: [(8, 0.86), (20, 0.9)])
  func coverageOfAPooledQuantile(blocks: Int, least: Double) throws {
    let (samples, trials) = (100, 200)
    var generator = SeededGenerator(seed: 9)
    func block() -> [Double] {
      let level = generator.lognormal(median: 100, spread: 0.1)
      return (0..<samples).map { _ in
        let value = generator.lognormal(median: level, spread: 0.3)
        return generator.uniform() < 0.02 ? value * (3 + 5 * generator.uniform()) : value
      }
    }
    let truth = try #require(Distribution((0..<3000).lazy.flatMap { _ in block() }).quantile(0.99))
    var covered = 0
    for trial in 0..<trials {
      let blocks = (0..<blocks).map { _ in block() }
      let interval = try #require(
        bootstrapInterval(blocks: blocks, seed: UInt64(trial), resamples: 400) {
          Distribution($0.joined()).quantile(0.99)
        })
      if interval.low <= truth, truth <= interval.high { covered += 1 }
    }
    #expect(Double(covered) >= least * Double(trials))
    report("pooled p99, bootstrap", blocks, covered, of: trials)
  }
}
