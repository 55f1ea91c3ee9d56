// SPDX-License-Identifier: Apache-2.0
import Glibc
import Statistics
import Testing

struct EffectTests {
  @Test func pairsThatDoubleHaveARatioOfTwo() throws {
    let pairs = (1...8).map { (baseline: Double($0), value: 2 * Double($0)) }
    let effect = try #require(pairedEffect(pairs))
    #expect(effect.isPaired)
    #expect(effect.shift == hodgesLehmannCenter((1...8).map(Double.init)))
    let ratio = try #require(effect.ratio)
    #expect(isClose(ratio.value, 2))
    #expect(ratio.interval.low == ratio.interval.high && ratio.interval.low == ratio.value)
  }

  @Test func unpairedArmsAreComparedAcross() throws {
    let baseline: [Double] = [1, 2, 4, 8, 16]
    let effect = try #require(unpairedEffect(baseline: baseline, values: baseline.map { $0 * 4 }))
    #expect(!effect.isPaired)
    #expect(effect.shift == hodgesLehmannShift(from: baseline, to: baseline.map { $0 * 4 }))
    let ratio = try #require(effect.ratio)
    #expect(isClose(ratio.value, 4))
    // The third smallest and third largest of 25 quotients 2^-2…2^6 (U of 2 at 5 and 5).
    #expect(isClose(ratio.interval.low, 0.5) && isClose(ratio.interval.high, 32))
  }

  @Test(arguments: [0.0, -1.0])
  func valuesWithoutARatioStillHaveAShift(value: Double) {
    let pairs = (1...6).map { (baseline: Double($0), value: $0 == 3 ? value : 10) }
    #expect(pairedEffect(pairs)?.ratio == nil)
    #expect(pairedEffect(pairs)?.shift.interval.isFinite == true)
    let effect = unpairedEffect(baseline: pairs.map(\.value), values: pairs.map(\.baseline))
    #expect(effect != nil && effect?.ratio == nil)
  }

  @Test func tooFewValuesBoundNothing() {
    let effect = pairedEffect([(1, 2), (1, 2), (1, 2)])
    #expect(effect?.ratio?.interval == .unbounded)
    #expect(effect?.shift.interval == .unbounded)
    #expect(unpairedEffect(baseline: [1, 2, 3], values: [1, 2, 3])?.ratio?.interval == .unbounded)
  }

  @Test func withoutAnswer() {
    #expect(pairedEffect([]) == nil)
    #expect(pairedEffect([(1, .nan)]) == nil)
    #expect(unpairedEffect(baseline: [], values: [1]) == nil)
  }
}

/// A nominal 95 % interval must cover the truth in 93 to 97 % of experiments: what a round's blocks share and a
/// skewed scatter within the blocks must not matter.
struct CoverageTests {
  static let experiments = 2000
  static let blocks = 20

  /// A block's median: lognormal samples around the arm's level, all off by what the round does to it.
  private func block(
    _ level: Double, _ roundFactor: Double, _ generator: inout SeededGenerator
  ) throws -> Double {
    let samples = (0..<15).map { _ in generator.lognormal(median: level * roundFactor, spread: 0.4) }
    return try #require(median(samples))
  }

  private func expectCoverage(_ covered: Int) {
    let share = Double(covered) / Double(Self.experiments)
    #expect(share >= 0.93 && share <= 0.97)
  }

  @Test func pairedRatio() throws {
    var generator = SeededGenerator(seed: 2026)
    var covered = 0
    for _ in 0..<Self.experiments {
      let pairs = try (0..<Self.blocks).map { _ in
        let round = generator.lognormal(median: 1, spread: 0.3)
        return (
          baseline: try block(100, round, &generator), value: try block(130, round, &generator)
        )
      }
      let interval = try #require(pairedEffect(pairs)?.ratio?.interval)
      if interval.low <= 1.3, 1.3 <= interval.high { covered += 1 }
    }
    expectCoverage(covered)
  }

  /// Also the A/A test: how often an arm differs from itself.
  @Test func pairedShiftOfAnArmAgainstItself() throws {
    var generator = SeededGenerator(seed: 2027)
    var covered = 0
    for _ in 0..<Self.experiments {
      let pairs = try (0..<Self.blocks).map { _ in
        let round = generator.lognormal(median: 1, spread: 0.3)
        return (
          baseline: try block(100, round, &generator), value: try block(100, round, &generator)
        )
      }
      let interval = try #require(pairedEffect(pairs)?.shift.interval)
      if interval.low <= 0, 0 <= interval.high { covered += 1 }
    }
    expectCoverage(covered)
  }

  @Test func unpairedRatio() throws {
    var generator = SeededGenerator(seed: 2028)
    var covered = 0
    for _ in 0..<Self.experiments {
      let baseline = (0..<Self.blocks).map { _ in generator.lognormal(median: 100, spread: 0.5) }
      let values = (0..<Self.blocks).map { _ in generator.lognormal(median: 80, spread: 0.5) }
      let interval = try #require(unpairedEffect(baseline: baseline, values: values)?.ratio?.interval)
      if interval.low <= 0.8, 0.8 <= interval.high { covered += 1 }
    }
    expectCoverage(covered)
  }

  @Test func signedRankCentre() throws {
    var generator = SeededGenerator(seed: 2029)
    var covered = 0
    for _ in 0..<Self.experiments {
      let values = (0..<Self.blocks).map { _ in log(generator.lognormal(median: 50, spread: 0.6)) }
      let interval = try #require(hodgesLehmannCenter(values)?.interval)
      if interval.low <= log(50), log(50) <= interval.high { covered += 1 }
    }
    expectCoverage(covered)
  }
}
