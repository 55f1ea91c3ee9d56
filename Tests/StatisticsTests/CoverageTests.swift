// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

/// A nominal 95 % interval must cover the truth in 93 to 97 % of simulated experiments, whatever a round's blocks
/// share, however skewed they scatter, and although some blocks are disturbed.
///
/// Results/statistics/README.md holds the figures and says how to print them.
struct CoverageTests {
  static let experiments = 2000
  static let blockCounts = [8, 20, 60]

  /// Blocks of two arms in rounds: 30 % of scatter that a round's two share, and some that they do not.
  struct Rounds: Sendable {
    /// Of one block; their ratio's is √2 times as large.
    var spread = 0.1
    var factor = 1.0
    var added = 0.0

    func next(_ generator: inout SeededGenerator) -> (baseline: Double, value: Double) {
      let round = generator.lognormal(median: 100, spread: 0.3)
      let baseline = generator.block(median: round, spread: spread, spikes: 0.05)
      return (baseline, generator.block(median: round * factor, spread: spread, spikes: 0.05) + added)
    }
  }

  private func count(
    seed: Int, _ happens: (inout SeededGenerator) throws -> Bool
  ) rethrows -> Int {
    var generator = SeededGenerator(seed: UInt64(seed))
    return try (0..<Self.experiments).count { _ in try happens(&generator) }
  }

  private func expectCoverage(_ what: String, _ blocks: Int, _ covered: Int, _ more: String = "") {
    let share = Double(covered) / Double(Self.experiments)
    #expect(share >= 0.93 && share <= 0.97, "\(what), \(blocks) blocks: \(share)")
    report(what, blocks, covered, of: Self.experiments, more)
  }

  @Test(arguments: blockCounts) func pairedRatio(blocks: Int) throws {
    let rounds = Rounds(factor: 1.3)
    let covered = try count(seed: 2026 + blocks) { generator in
      let pairs = (0..<blocks).map { _ in rounds.next(&generator) }
      return try #require(pairedEffect(pairs)?.ratio).interval.contains(1.3)
    }
    expectCoverage("ratio, paired", blocks, covered)
  }

  @Test(arguments: blockCounts) func pairedShift(blocks: Int) throws {
    let rounds = Rounds(added: 30)
    let covered = try count(seed: 3026 + blocks) { generator in
      let pairs = (0..<blocks).map { _ in rounds.next(&generator) }
      return try #require(pairedEffect(pairs)).shift.interval.contains(30)
    }
    expectCoverage("shift, paired", blocks, covered)
  }

  @Test(arguments: blockCounts) func unpairedRatio(blocks: Int) throws {
    let covered = try count(seed: 4026 + blocks) { generator in
      let baseline = (0..<blocks).map { _ in generator.block(median: 100, spread: 0.3, spikes: 0.05) }
      let values = (0..<blocks).map { _ in generator.block(median: 80, spread: 0.3, spikes: 0.05) }
      return try #require(unpairedEffect(baseline: baseline, values: values)?.ratio).interval.contains(0.8)
    }
    expectCoverage("ratio, unpaired", blocks, covered)
  }

  @Test(arguments: blockCounts) func unpairedShift(blocks: Int) throws {
    let covered = try count(seed: 5026 + blocks) { generator in
      let baseline = (0..<blocks).map { _ in generator.block(median: 100, spread: 0.3, spikes: 0.05) }
      let values = (0..<blocks).map { _ in generator.block(median: 100, spread: 0.3, spikes: 0.05) + 30 }
      return try #require(unpairedEffect(baseline: baseline, values: values)).shift.interval.contains(30)
    }
    expectCoverage("shift, unpaired", blocks, covered)
  }

  /// Conservative by nature: 8 blocks allow 92.97 or 99.22 %.
  @Test(arguments: blockCounts) func medianOfOneArm(blocks: Int) throws {
    var generator = SeededGenerator(seed: 1)
    let truth = try #require(
      median((0..<100_000).map { _ in generator.block(median: 100, spread: 0.3, spikes: 0.05) }))
    let covered = count(seed: 6026 + blocks) { generator in
      let values = (0..<blocks).map { _ in generator.block(median: 100, spread: 0.3, spikes: 0.05) }
      return medianInterval(values).interval.contains(truth)
    }
    #expect(Double(covered) >= 0.929 * Double(Self.experiments))
    report("median, one arm", blocks, covered, of: Self.experiments)
  }

  /// Passes of 8 rounds, looked at as a run looks, at most 12; the precisions end after about 6 to 10.
  @Test(arguments: [(0.03, 0.02), (0.03, 0.012), (0.08, 0.05), (0.08, 0.03)])
  func ratioUnderTheStoppingRule(spread: Double, precision: Double) throws {
    let rounds = Rounds(spread: spread / 2.0.squareRoot(), factor: 1.3)
    var taken = 0
    let covered = try count(seed: 7026) { generator in
      var rule = StoppingRule(precision: precision)
      var passes: [PassMean] = []
      while true {
        let logarithms = (0..<8).map { _ in
          let pair = rounds.next(&generator)
          return log(pair.value / pair.baseline)
        }
        passes.append(try #require(PassMean(of: logarithms)))
        guard StoppingRule.isLook(afterPasses: passes.count) else { continue }
        let interval = try #require(passEstimate(passes, reference: [], priors: [])).raw.interval()
        let width = (exp(interval.high) - exp(interval.low)) / 2 / 1.3
        guard rule.shouldStop(relativeHalfWidth: width) || passes.count == 12 else { continue }
        taken += passes.count
        return interval.contains(log(1.3))
      }
    }
    // Passes without drift: part of their scatter is taken for some, so that more is covered than was asked.
    #expect(Double(covered) >= 0.93 * Double(Self.experiments))
    report(
      "ratio, stopped at ± \(precision)", taken / Self.experiments, covered, of: Self.experiments,
      "spread \(spread)")
  }

  /// An arm against itself must differ no more often than stated, and one that is 5 % slower be found.
  @Test(arguments: [(0.02, 24), (0.03, 24), (0.04, 32), (0.08, 64)])
  func falseAlarmsAndPower(spread: Double, blocks: Int) throws {
    func alarms(_ factor: Double) throws -> Int {
      let rounds = Rounds(spread: spread / 2.0.squareRoot(), factor: factor)
      return try count(seed: 8026 + blocks) { generator in
        let pairs = (0..<blocks).map { _ in rounds.next(&generator) }
        return !(try #require(pairedEffect(pairs)?.ratio).interval.contains(1))
      }
    }
    let falseAlarms = try alarms(1)
    #expect(falseAlarms <= binomialBound(trials: Self.experiments, probability: 0.05))
    report("false alarms, A/A", blocks, falseAlarms, of: Self.experiments, "spread \(spread)")
    let found = try alarms(1.05)
    #expect(Double(found) >= 0.95 * Double(Self.experiments))
    report("5 % found", blocks, found, of: Self.experiments, "spread \(spread)")
  }
}

extension Interval {
  fileprivate func contains(_ value: Double) -> Bool { low <= value && value <= high }
}
