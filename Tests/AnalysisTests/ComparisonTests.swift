// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

@testable import Analysis
@testable import Model

@Suite struct ComparisonTests {
  private func compared(
    _ old: Double, _ new: Double, threshold: Double = 0.05
  ) throws -> Comparison.Row {
    let comparison = try Comparison(
      [Made.arms([Made.arm: old])], [Made.arms([Made.arm: new])], threshold: threshold)
    return try #require(comparison.row(Made.arm))
  }

  @Test func aChangeNeedsAnIntervalAndASize() throws {
    #expect(try compared(1, 1.1).verdict == .slower)
    #expect(try compared(1.1, 1).verdict == .faster)
    #expect(try compared(1, 1.055).verdict == .slower)
    // Certain, but too small to matter: no change beyond the threshold.
    let small = try compared(1, 1.02)
    #expect(small.verdict == .same && small.judged.estimate.interval.low > 1)
    #expect(try compared(1, 1.02, threshold: 0.01).verdict == .slower)
    #expect(try compared(1, 1).verdict == .same)
    // Of one pass nothing is certain.
    let one = Made.series(passes: 1) { _, block in 2000 + Double(block) }
    let cases = [
      Made.recorded(Made.base, Made.tight(1000)), Made.recorded(Made.arm, one, baseline: Made.base),
    ]
    let comparison = try Comparison([Made.arms([Made.arm: 1])], [Made.run(cases)], threshold: 0.05)
    let uncertain = try #require(comparison.row(Made.arm))
    #expect(uncertain.verdict == .undecided && uncertain.pValue == nil)
    #expect(uncertain.judged.estimate.interval.isFinite == false && comparison.unboundedRows == 2)
  }

  @Test func whatCannotBeToldIsNoClaim() throws {
    // Passes that scatter by 20 %: neither a change nor none.
    func scattered(_ center: Double) -> ComparedRun {
      Made.run([
        Made.recorded(Made.base, Made.tight(1000)),
        Made.recorded(
          Made.arm, Made.series { pass, _ in center * (pass.isMultiple(of: 2) ? 0.8 : 1.2) },
          baseline: Made.base),
      ])
    }
    let row = try #require(
      try Comparison([scattered(1000)], [scattered(1060)], threshold: 0.05).row(Made.arm))
    #expect(row.verdict == .undecided && (row.pValue ?? 0) > 0.5)
  }

  @Test func whatMovesWithItsBaselineIsSpared() throws {
    // The machine got slower by a fifth, and the arm with it.
    let (old, new) = (Made.arms(base: 1000, [Made.arm: 5]), Made.arms(base: 1200, [Made.arm: 5]))
    let byEffect = try Comparison([old], [new], threshold: 0.05)
    #expect(byEffect.rows.allSatisfy { $0.verdict == .same } && byEffect.regressions.isEmpty)
    #expect(abs((byEffect.sharedChange ?? 0) - 1.2) < 1e-9)
    let byValue = try Comparison([old, old], [new, new], threshold: 0.05, by: .value)
    #expect(byValue.row(Made.arm)?.verdict == .slower && byValue.movedTogether == 2)
    // The arm alone got slower while the machine got faster.
    let alone = try Comparison(
      [Made.arms(base: 1200, [Made.arm: 5])], [Made.arms(base: 1000, [Made.arm: 6])], threshold: 0.05)
    let row = try #require(alone.row(Made.arm))
    #expect(row.verdict == .slower && row.basis == .baseline && alone.movedTogether == 0)
    #expect(abs(row.judged.estimate.value - 1.2) < 0.01)
  }

  @Test func aBaselineThatGotSlowerIsCalledSo() throws {
    let old = Made.arms(base: 1000, [Made.arm: 1, Made.anonymous: 0.5])
    let new = Made.arms(base: 1200, [Made.arm: 1 / 1.2, Made.anonymous: 0.5 / 1.2])
    let comparison = try Comparison([old], [new], threshold: 0.05)
    let base = try #require(comparison.row(Made.base))
    #expect(base.verdict == .slower && base.basis == .arm("anonymous"))
    #expect(abs(base.judged.estimate.value - 1.2) < 0.001)
    #expect(comparison.row(Made.arm)?.verdict == .faster)
    // Without an anonymous arm, memfd tells.
    let fewer = try Comparison(
      [Made.arms(base: 1000, [Made.arm: 1])], [Made.arms(base: 1200, [Made.arm: 1 / 1.2])], threshold: 0.05)
    #expect(fewer.row(Made.base)?.basis == .arm("memfd") && fewer.row(Made.base)?.verdict == .slower)
  }

  @Test func aValueAloneTakesSeveralRuns() throws {
    let (old, new) = (Made.alone(1000), Made.alone(1200))
    let one = try Comparison([old], [new], threshold: 0.05)
    #expect(one.rows.first?.verdict == .undecided && one.unknownRows == 1 && one.testedRows == 0)
    // Several on either side tell how much runs differ.
    for (older, newer) in [([old, old], [new, new]), ([old], [new, new, new]), ([old, old, old], [new])] {
      let several = try Comparison(older, newer, threshold: 0.05)
      #expect(several.rows.first?.verdict == .slower && several.unknownRows == 0)
    }
    // Instructions are counted, and wait for nobody.
    let counted = try Comparison(
      [Made.alone(1000, unit: "instructions")], [Made.alone(1060, unit: "instructions")], threshold: 0.05)
    #expect(counted.rows.first?.verdict == .slower)
  }

  @Test func runsThatDifferMakeTheIntervalWiderAndMoreRunsNarrower() throws {
    func width(_ old: [Double], _ new: [Double]) throws -> Double {
      let sides = [old, new].map { $0.map { Made.arms([Made.arm: $0]) } }
      let row = try #require(try Comparison(sides[0], sides[1], threshold: 0.05).row(Made.arm))
      let interval = row.judged.estimate.interval
      return interval.high - interval.low
    }
    let one = try width([1], [1])
    let agreeing = try width([1, 1, 1, 1], [1, 1, 1, 1])
    #expect(agreeing < one)
    let differing = try width([0.97, 1.03, 0.97, 1.03], [1.03, 0.97, 1.03, 0.97])
    #expect(differing > 5 * one)
    let more = try width(
      [0.97, 1.03, 0.97, 1.03, 0.97, 1.03, 0.97, 1.03], [0.97, 1.03, 0.97, 1.03, 0.97, 1.03, 0.97, 1.03])
    #expect(more < differing / 1.3)
    // Two runs that differ by more than the sides do claim nothing.
    let sides = [[0.9, 1.1], [1.0, 1.2]].map { $0.map { Made.arms([Made.arm: $0]) } }
    #expect(try Comparison(sides[0], sides[1], threshold: 0.05).row(Made.arm)?.verdict == .undecided)
  }

  @Test func earlierRunsTellHowMuchRunsDiffer() throws {
    func history(_ values: [Double]) -> RunHistory {
      let points = values.enumerated().map { number, value in
        SeriesPoint(
          runID: "r\(number)", startedAt: "2026-11-0\(number)T00:00:00Z", runStatus: "complete",
          kernelRelease: "", status: "ok", reason: "", blocks: 8,
          value: LocationEstimate(value: value, interval: .unbounded),
          ratio: LocationEstimate(value: value / 1000, interval: .unbounded), baseline: Made.base)
      }
      let keys = ["a", Made.arm]
      return RunHistory(
        keys.map { SeriesHistory(series: Series(machineKey: "m", key: $0, unit: "ns"), points: points) },
        without: ["r9"])
    }
    func verdict(_ values: [Double]) throws -> Comparison.Verdict? {
      try Comparison(
        [Made.alone(1000)], [Made.alone(1200)], threshold: 0.05, history: history(values)
      ).rows.first?.verdict
    }
    #expect(try verdict([1000, 1005, 995, 1002, 999, 1001, 1004, 998]) == .slower)
    // A step is one difference among many.
    #expect(try verdict([1000, 1005, 995, 1002, 1200, 1201, 1204, 1198, 1203]) != .same)
    #expect(try verdict([1000, 1300, 900, 1250, 1000, 1200, 800, 1400]) == .undecided)
    // Too few.
    #expect(try verdict([1000, 1005, 995, 1002]) == .undecided)
    // A ratio too is known no better than runs repeat it.
    let sides = [Made.arms([Made.arm: 1]), Made.arms([Made.arm: 1.1])]
    let wild = try Comparison(
      [sides[0]], [sides[1]], threshold: 0.05, history: history([1000, 1300, 900, 1250, 1000, 1200]))
    #expect(wild.row(Made.arm)?.verdict == .undecided)
    // By hand: logarithms 0, 1, 0, 1, 0 differ by 1 each time; 2 · 16 / 11 degrees of freedom.
    let known = try #require(BetweenRuns(of: [1, M_E, 1, M_E, 1]))
    #expect(abs(known.variance - 0.5) < 1e-12 && abs(known.degreesOfFreedom - 32.0 / 11) < 1e-12)
    #expect(BetweenRuns(of: [1, 2, 0, 1, 1]) == nil)
  }

  @Test func constantValuesHaveAnAnswer() throws {
    func constant(_ value: Double) -> ComparedRun {
      Made.run([Made.recorded("a", Made.series { _, _ in value }, unit: "instructions")])
    }
    func row(_ old: Double, _ new: Double) throws -> Comparison.Row {
      try #require(try Comparison([constant(old)], [constant(new)], threshold: 0.05).rows.first)
    }
    let same = try row(1209, 1209)
    #expect(same.verdict == .same && same.judged.estimate.interval == Interval(low: 1, high: 1))
    #expect(try row(1000, 1050.1).verdict == .slower && row(1000, 1049.9).verdict == .same)
    #expect(try row(0, 0).verdict == .same)
    let grown = try row(0, 1209)
    #expect(grown.verdict == .slower && !grown.judged.isRatio)
  }

  @Test func countedInstructionsFindExactlyWhatDiffers() throws {
    func lab(_ values: [String: Double]) -> ComparedRun {
      Made.run(
        values.sorted { $0.key < $1.key }.map { key, value in
          Made.recorded(
            key, Made.series { _, _ in value }, unit: "instructions",
            baseline: key == Made.base ? nil : Made.base)
        })
    }
    let old = lab([Made.base: 4933, Made.arm: 4512, Made.anonymous: 3000])
    // The baseline alone: its arms' ratios move, their counts do not.
    let new = lab([Made.base: 5200, Made.arm: 4512, Made.anonymous: 3000])
    let comparison = try Comparison([old], [new], threshold: 0.05)
    #expect(comparison.regressions.map(\.key) == [Made.base] && comparison.count(.same) == 2)
  }

  @Test func negativeValuesAreJudgedByTheirShift() throws {
    func run(_ first: Double) -> ComparedRun {
      Made.run([Made.recorded("a", Made.series { pass, block in first + Double(pass) / 8 + Double(block) })])
    }
    let (old, new) = ([run(-3), run(-3)], [run(40), run(40)])
    let row = try #require(try Comparison(old, new, threshold: 0.05).rows.first)
    #expect(!row.judged.isRatio && abs(row.judged.location.value - 43) < 1e-9 && row.verdict == .slower)
    #expect(try Comparison(new, old, threshold: 0.05).rows.first?.verdict == .faster)
    #expect(try Comparison([run(-3)], [run(40)], threshold: 0.05).rows.first?.isUnknown == true)
  }

  private func summary(_ p50: Double, _ interval: Interval, unit: String = "instructions") -> ComparedRun {
    Made.run([RecordedCase(key: "a", unit: unit, evidence: .summary(p50: p50, interval))])
  }

  @Test func summariesAloneGoFromCornerToCorner() throws {
    let old = summary(100, Interval(low: 95, high: 105))
    let new = summary(120, Interval(low: 114, high: 126))
    let row = try #require(try Comparison([old], [new], threshold: 0.05).rows.first)
    #expect(row.judged.isWeak)
    let interval = row.judged.estimate.interval
    #expect(interval.low <= 114.0 / 105 && interval.high >= 126.0 / 95)
    #expect(abs(interval.low - 114.0 / 105) < 0.01 && abs(interval.high - 126.0 / 95) < 0.01)
    #expect(row.verdict == .slower)
    let unknown = try Comparison([old], [summary(120, .unbounded)], threshold: 0.05).rows.first
    #expect(unknown?.verdict == .undecided && unknown?.judged.estimate.interval == .unbounded)
    // Blocks beside a summary are no more than their median and its interval.
    #expect(
      try Comparison([old], [Made.alone(120, unit: "instructions")], threshold: 0.05).rows.first?.judged
        .isWeak
        == true)
    // Of ratios as well.
    func ratio(_ value: Double) -> ComparedRun {
      Made.run([
        RecordedCase(
          key: Made.arm, unit: "ns", evidence: .summary(p50: 1000, Interval(low: 900, high: 1100)),
          baseline: Made.base,
          ratio: LocationEstimate(value: value, interval: Interval(low: value * 0.99, high: value * 1.01)))
      ])
    }
    let relative = try Comparison([ratio(2)], [ratio(2.4)], threshold: 0.05).rows.first
    #expect(relative?.basis == .baseline && relative?.verdict == .slower)
  }

  @Test func oneCaseInTwoUnitsIsRefused() {
    let failure = #expect(throws: Comparison.UnitMismatch.self) {
      try Comparison([Made.alone(1)], [Made.alone(1, unit: "instructions")], threshold: 0.05)
    }
    #expect(failure?.description.hasPrefix("a: ") == true)
    #expect(throws: Comparison.UnitMismatch.self) {
      try Comparison([Made.alone(1), Made.alone(1, unit: "ns/vm")], [Made.alone(1)], threshold: 0.05)
    }
    #expect(throws: Never.self) {
      try Comparison([Made.alone(1, unit: "")], [Made.alone(1)], threshold: 0.05)
    }
  }

  private func plain(_ key: String, _ center: Double = 1, traits: [RecordedCase.Trait: String] = [:])
    -> RecordedCase
  {
    Made.recorded(key, Made.tight(center), traits: traits)
  }

  @Test func whatIsNotInBothIsListed() throws {
    func refused(_ key: String, _ reason: String) -> RecordedCase {
      RecordedCase(key: key, unit: "ns", evidence: .none(reason))
    }
    let comparison = try Comparison(
      [Made.run([plain("a"), plain("b"), refused("c", "unsupported: no flag"), plain("d")])],
      [
        Made.run([
          plain("e"), plain("b"), refused("c", "unsupported: no flag"), refused("d", "failed: broke"),
        ])
      ],
      threshold: 0.05)
    #expect(comparison.rows.map(\.key) == ["b"])
    #expect(comparison.missing == ["a"] && comparison.added == ["e"])
    #expect(
      comparison.incomparable == [
        Comparison.Incomparable(key: "c", reason: "both: unsupported: no flag"),
        Comparison.Incomparable(key: "d", reason: "NEW: failed: broke"),
      ])
    // A case that one of several runs has no figure of rests on the others.
    let partly = try Comparison(
      [Made.run([plain("b")]), Made.run([refused("b", "failed: broke")])], [Made.run([plain("b")])],
      threshold: 0.05)
    #expect(partly.rows.map(\.key) == ["b"] && partly.incomplete == 1)
  }

  @Test func whatDiffersIsSaidUnlessItIsTheQuestion() throws {
    func differences(
      _ old: [[RecordedCase.Trait: String]], _ new: [RecordedCase.Trait: String],
      across axes: Set<Comparison.Axis> = []
    ) throws -> [Comparison.Difference] {
      try Comparison(
        old.map { Made.run([plain("a", traits: $0)]) }, [Made.run([plain("a", traits: new)])],
        threshold: 0.05,
        across: axes
      ).differences
    }
    let old: [RecordedCase.Trait: String] = [
      .kernel: "6.18", .abi: "v7", .flush: "on", .machine: "m", .clock: "tsc",
    ]
    let new: [RecordedCase.Trait: String] = [.kernel: "7.3", .abi: "mainline", .flush: "off", .machine: "m"]
    let all = try differences([old], new)
    #expect(all.map(\.trait) == [.kernel, .abi, .flush])
    #expect(all.first == Comparison.Difference(trait: .kernel, old: "6.18", new: "7.3", cases: 1))
    #expect(try differences([old], new, across: [.kernel, .flush]).map(\.trait) == [.abi])
    #expect(try differences([[:]], [.flush: "unknown"]).isEmpty)
    #expect(try differences([[.flush: "on"]], [.flush: "unknown"]).isEmpty)
    // Runs of one side that differ among themselves.
    let within = try differences([[.machine: "m"], [.machine: "n"]], [.machine: "m"])
    #expect(within == [Comparison.Difference(trait: .machine, old: "m, n", new: "m", cases: 1)])
  }

  @Test func acrossFlushMatchesTheArms() throws {
    let off = plain("b/o/x/flush=off", 1000)
    let on = plain("b/o/x/flush=on", 1200)
    let other = plain("b/o/y", 5)
    // Boots, each with one arm.
    let boots = try Comparison(
      [Made.run([off, other]), Made.run([off, other])], [Made.run([on, other]), Made.run([on, other])],
      threshold: 0.05, across: [.flush])
    #expect(boots.rows.map(\.key) == ["b/o/x/flush=on", "b/o/y"] && boots.rows[0].verdict == .slower)
    // One run that holds both, in the same rounds: the hour is the same one.
    let probes = { (pass: Int) in Probes(memory: 100 + Double(pass)) }
    let paired = [("off", 1000.0), ("on", 1200.0)].map { arm, center in
      Made.recorded("b/o/x/flush=\(arm)", Made.series(probes: probes) { _, block in center + Double(block) })
    }
    let run = Made.run(paired, id: "r")
    let both = try Comparison([run], [run], threshold: 0.05, across: [.flush])
    #expect(both.rows.map(\.verdict) == [.slower] && both.otherArms == 2)
    // Without the axis they are two cases.
    let apart = try Comparison([Made.run([off])], [Made.run([on])], threshold: 0.05)
    #expect(apart.rows.isEmpty && apart.added == [on.key] && apart.missing == [off.key])
    let unclear = try Comparison(
      [Made.run([plain("b/o/x"), plain("b/o/x/flush=half")])], [Made.run([on])], threshold: 0.05,
      across: [.flush])
    #expect(unclear.rows.isEmpty && unclear.incomparable.first?.reason.hasPrefix("ambiguous") == true)
  }

  @Test func regressionsStandWorstFirst() throws {
    let keys = ["memfd", "memfd_secret", "anonymous"].map { "b/o/\($0)/p=1" }
    let comparison = try Comparison(
      [Made.arms(Dictionary(uniqueKeysWithValues: keys.map { ($0, 1) }))],
      [Made.arms([keys[0]: 1.1, keys[1]: 3, keys[2]: 1])], threshold: 0.05)
    #expect(comparison.regressions.map(\.key) == [keys[1], keys[0]])
    #expect(try Comparison([], [], threshold: 0.05).rows.isEmpty)
  }

  @Test func enormousValuesDoNotCrash() throws {
    func run(_ value: Double) -> ComparedRun {
      Made.run([Made.recorded("a", Made.series { _, _ in value }, unit: "instructions")])
    }
    let (low, huge) = (run(-.greatestFiniteMagnitude), run(.greatestFiniteMagnitude))
    let comparison = try Comparison([low], [huge], threshold: 0.05)
    #expect(comparison.rows.isEmpty && comparison.incomparable.count == 1)
    #expect(try Comparison([huge], [huge], threshold: 0.05).rows.first?.verdict == .same)
  }

  @Test func otherBaselinesAreNoRatioToCompare() throws {
    let anonymous = Made.recorded(Made.anonymous, Made.tight(500))
    let old = Made.run([
      Made.recorded(Made.base, Made.tight(1000)), anonymous,
      Made.recorded(
        Made.arm, Made.tight(900), baseline: Made.base),
    ])
    let new = Made.run([
      Made.recorded(Made.base, Made.tight(1000)), anonymous,
      Made.recorded(
        Made.arm, Made.tight(900), baseline: Made.anonymous),
    ])
    let comparison = try Comparison([old], [new], threshold: 0.05)
    #expect(comparison.row(Made.arm)?.basis != .baseline)
  }
}
