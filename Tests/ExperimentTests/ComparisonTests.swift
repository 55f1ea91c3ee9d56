// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@testable import Experiment

@Suite struct ComparisonTests {
  private func blocks(
    _ key: String, _ center: Double, unit: String = "ns", traits: [RecordedCase.Trait: String] = [:]
  ) -> RecordedCase {
    RecordedCase(
      key: key, unit: unit, evidence: .blocks((-5...5).map { center + Double($0) }), traits: traits)
  }

  private func compared(
    _ old: RecordedCase, _ new: RecordedCase, threshold: Double = 0.05
  ) throws -> Comparison.Row {
    let comparison = try Comparison([old], [new], threshold: threshold)
    return try #require(comparison.rows.first)
  }

  @Test func aChangeNeedsAnIntervalAndASize() throws {
    #expect(try compared(blocks("a", 1000), blocks("a", 1100)).verdict == .slower)
    #expect(try compared(blocks("a", 1100), blocks("a", 1000)).verdict == .faster)
    // Certain, but too small to matter.
    let small = try compared(blocks("a", 1000), blocks("a", 1020))
    #expect(small.verdict == .undecided && (small.effect.ratio?.interval.low ?? 0) > 1)
    #expect(try compared(blocks("a", 1000), blocks("a", 1020), threshold: 0.01).verdict == .slower)
    // Large, but not certain.
    let few = RecordedCase(key: "a", unit: "ns", evidence: .blocks([2000, 2001]))
    #expect(try compared(blocks("a", 1000), few).verdict == .slower)
    let one = RecordedCase(key: "a", unit: "ns", evidence: .blocks([2000]))
    let uncertain = try compared(blocks("a", 1000), one)
    #expect(uncertain.verdict == .undecided && uncertain.effect.ratio?.interval.isFinite == false)
  }

  private func arm(_ center: Double, times ratio: Double) -> RecordedCase {
    var arm = blocks("arm", center)
    arm.effect = .blocks((-5...5).map { ratio * (1 + Double($0) / 1000) })
    return arm
  }

  @Test func whatMovesWithItsBaselineIsSaidAndMayBeSpared() throws {
    // The machine got slower by a fifth, and the arm with it.
    let byValue = try Comparison([arm(1000, times: 5)], [arm(1200, times: 5)], threshold: 0.05)
    #expect(byValue.rows.first?.verdict == .slower && byValue.movedWithBaseline == 1)
    let byEffect = try Comparison([arm(1000, times: 5)], [arm(1200, times: 5)], threshold: 0.05, by: .effect)
    #expect(byEffect.rows.first?.verdict == .undecided && byEffect.regressions.isEmpty)
    // The arm alone got slower while the machine got faster.
    let alone = try Comparison([arm(1200, times: 5)], [arm(1200, times: 6)], threshold: 0.05, by: .effect)
    #expect(alone.rows.first?.verdict == .slower && alone.movedWithBaseline == 0)
    let row = try #require(alone.rows.first)
    #expect(abs((alone.judged(row).ratio?.value ?? 0) - 1.2) < 0.01)
    // Without a baseline there is the value alone.
    let none = try Comparison([blocks("a", 1000)], [blocks("a", 1200)], threshold: 0.05, by: .effect)
    #expect(none.rows.first?.verdict == .slower && none.rows.first?.relative == nil)
  }

  @Test func constantValuesHaveAnAnswer() throws {
    let constant = RecordedCase(
      key: "a", unit: "instructions", evidence: .blocks([Double](repeating: 1209, count: 8)))
    let same = try compared(constant, constant)
    #expect(same.verdict == .undecided && same.effect.ratio?.interval == Interval(low: 1, high: 1))
    let zero = RecordedCase(
      key: "a", unit: "instructions", evidence: .blocks([Double](repeating: 0, count: 8)))
    #expect(try compared(zero, zero).verdict == .undecided)
    let grown = try compared(zero, constant)
    #expect(grown.verdict == .slower && grown.effect.ratio == nil)
  }

  @Test func negativeValuesAreJudgedByTheirShift() throws {
    let old = RecordedCase(key: "a", unit: "ns", evidence: .blocks((0..<12).map { Double($0) - 3 }))
    let new = RecordedCase(key: "a", unit: "ns", evidence: .blocks((0..<12).map { Double($0) + 40 }))
    let row = try compared(old, new)
    #expect(row.effect.ratio == nil && row.effect.shift.value == 43 && row.verdict == .slower)
    #expect(try compared(new, old).verdict == .faster)
  }

  @Test func summariesAloneGoFromCornerToCorner() throws {
    let old = RecordedCase(
      key: "a", unit: "ns", evidence: .summary(p50: 100, Interval(low: 95, high: 105)))
    let new = RecordedCase(
      key: "a", unit: "ns", evidence: .summary(p50: 120, Interval(low: 114, high: 126)))
    let row = try compared(old, new)
    #expect(row.isWeak && row.verdict == .slower)
    #expect(row.effect.ratio?.interval == Interval(low: 114 / 105, high: 126 / 95))
    #expect(row.effect.shift == LocationEstimate(value: 20, interval: Interval(low: 9, high: 31)))
    let open = RecordedCase(key: "a", unit: "ns", evidence: .summary(p50: 120, .unbounded))
    let unknown = try compared(old, open)
    #expect(unknown.verdict == .undecided && unknown.effect.ratio?.interval == .unbounded)
    // Blocks beside a summary are no more than their median and its interval.
    #expect(try compared(old, blocks("a", 120)).isWeak)
  }

  @Test func oneCaseInTwoUnitsIsRefused() {
    let failure = #expect(throws: Comparison.UnitMismatch.self) {
      try Comparison([blocks("a", 1)], [blocks("a", 1, unit: "instructions")], threshold: 0.05)
    }
    #expect(failure?.description.hasPrefix("a: ") == true)
    #expect(throws: Never.self) {
      try Comparison([blocks("a", 1, unit: "")], [blocks("a", 1)], threshold: 0.05)
    }
  }

  @Test func whatIsNotInBothIsListed() throws {
    let refused = RecordedCase(key: "c", unit: "ns", evidence: .none("unsupported: no flag"))
    let comparison = try Comparison(
      [blocks("a", 1), blocks("b", 1), refused, blocks("d", 1)],
      [
        blocks("e", 1), blocks("b", 1), refused,
        RecordedCase(key: "d", unit: "ns", evidence: .none("failed: broke")),
      ], threshold: 0.05)
    #expect(comparison.rows.map(\.key) == ["b"])
    #expect(comparison.missing == ["a"] && comparison.added == ["e"])
    #expect(
      comparison.refusals == [
        Comparison.Refusal(key: "c", reason: "both: unsupported: no flag"),
        Comparison.Refusal(key: "d", reason: "NEW: failed: broke"),
      ])
  }

  @Test func whatDiffersIsSaidUnlessItIsTheQuestion() throws {
    let old = blocks(
      "a", 1, traits: [.kernel: "6.18", .abi: "v7", .flush: "on", .machine: "m", .clock: "tsc"])
    let new = blocks("a", 1, traits: [.kernel: "7.3", .abi: "mainline", .flush: "off", .machine: "m"])
    let all = try Comparison([old], [new], threshold: 0.05).differences
    #expect(all.map(\.trait) == [.kernel, .abi, .flush])
    #expect(all.first == Comparison.Difference(trait: .kernel, old: "6.18", new: "7.3", cases: 1))
    let left = try Comparison([old], [new], threshold: 0.05, across: [.kernel, .flush]).differences
    #expect(left.map(\.trait) == [.abi])
    let unknown = blocks("a", 1, traits: [.flush: "unknown"])
    #expect(try Comparison([old], [unknown], threshold: 0.05).differences.isEmpty)
  }

  @Test func acrossFlushMatchesTheArms() throws {
    let off = blocks("b/o/x/flush=off", 1000)
    let on = blocks("b/o/x/flush=on", 1200)
    let plain = blocks("b/o/y", 5)
    // Two boots, each with one arm.
    let boots = try Comparison([off, plain], [on, plain], threshold: 0.05, across: [.flush])
    #expect(boots.rows.map(\.key) == ["b/o/x/flush=on", "b/o/y"] && boots.rows[0].verdict == .slower)
    // One run that holds both.
    let both = try Comparison([off, on], [off, on], threshold: 0.05, across: [.flush])
    #expect(both.rows.map(\.verdict) == [.slower] && both.otherArms == 2)
    // Without the axis they are two cases.
    let apart = try Comparison([off], [on], threshold: 0.05)
    #expect(apart.rows.isEmpty && apart.added == [on.key] && apart.missing == [off.key])
    let third = blocks("b/o/x/flush=half", 1)
    let unclear = try Comparison([blocks("b/o/x", 1), third], [on], threshold: 0.05, across: [.flush])
    #expect(unclear.rows.isEmpty && unclear.refusals.first?.reason.hasPrefix("ambiguous") == true)
  }

  @Test func regressionsStandWorstFirstAndChanceIsCounted() throws {
    let keys = ["a", "b", "c"]
    let comparison = try Comparison(
      keys.map { blocks($0, 1000) }, [blocks("a", 1100), blocks("b", 3000), blocks("c", 1000)],
      threshold: 0.05)
    #expect(comparison.regressions.map(\.key) == ["b", "a"])
    #expect(abs(comparison.chanceFindings - 0.15) < 1e-12)
    let nothing = try Comparison([], [], threshold: 0.05)
    #expect(nothing.rows.isEmpty && nothing.chanceFindings == 0)
  }

  @Test func enormousValuesDoNotCrash() throws {
    let huge = RecordedCase(
      key: "a", unit: "ns", evidence: .blocks([Double](repeating: .greatestFiniteMagnitude, count: 8)))
    let low = RecordedCase(
      key: "a", unit: "ns", evidence: .blocks([Double](repeating: -.greatestFiniteMagnitude, count: 8)))
    let comparison = try Comparison([low], [huge], threshold: 0.05)
    #expect(comparison.rows.isEmpty && comparison.refusals.count == 1)
    #expect(try compared(huge, huge).verdict == .undecided)
  }
}

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
    digests.add(BlockDigest(samples: 2, median: nil, mean: nil, minimum: nil, maximum: nil), at: BlockPlace(round: 1))
    #expect(digests.mean == nil && digests.samples == 2 && digests.series.blocks == 1)
  }
}
