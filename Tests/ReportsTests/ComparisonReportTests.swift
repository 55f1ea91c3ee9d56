// SPDX-License-Identifier: Apache-2.0
import Analysis
import Foundation
import Model
import Statistics
import Testing

@testable import Reports

@Suite struct ComparisonReportTests {
  private func series(
    _ center: Double, hasPasses: Bool = true, pass value: (Int) -> Double = { _ in 1 }
  ) -> BlockSeries {
    var series = BlockSeries()
    for pass in 0..<8 {
      for block in 0..<3 {
        series.add(
          median: center * value(pass) * (1 + 0.001 * Double(block - 1)),
          at: BlockPlace(round: 3 * pass + block + 1, pass: hasPasses ? pass + 1 : nil))
      }
    }
    return series
  }

  private func key(_ backing: String, others: String = "spin") -> String {
    "free/unmap-last-reference/\(backing)/pages=512/order=sequential/others=\(others)"
  }

  private func recorded(
    _ backing: String, _ series: BlockSeries, others: String = "spin", unit: String = "ns",
    baseline: String? = nil
  ) -> RecordedCase {
    RecordedCase(
      key: key(backing, others: others), unit: unit, evidence: .blocks(series),
      baseline: baseline.map { key($0, others: others) },
      traits: [.kernel: "\(series.center ?? 0)"])
  }

  private func run(
    _ cases: [RecordedCase], name: String = "a", state: [Double?] = [nil, nil, nil],
    facts: [ComparedRun.Fact: String] = [:], isPartial: Bool = false, startedAt: Double? = 0
  ) -> ComparedRun {
    ComparedRun(
      name: name, runID: name, startedAt: startedAt, cases: cases, state: state, facts: facts,
      isPartial: isPartial)
  }

  private let refused = RecordedCase(
    key: "free/unmap-last-reference/guest_memfd_no_direct_map/pages=512/order=sequential/others=spin",
    unit: "ns",
    evidence: .none("unsupported: no flag"))

  /// guest_memfd the baseline, memfd slower in one state of the others, anonymous unchanged.
  private func comparison(
    _ subject: Comparison.Criterion = .effect, old: [Double?] = [nil, nil, nil],
    new: [Double?] = [nil, nil, nil]
  ) throws -> Comparison {
    func arms(_ memfd: Double, others: String) -> [RecordedCase] {
      [
        recorded("guest_memfd", series(1000), others: others),
        recorded("anonymous", series(500), others: others, baseline: "guest_memfd"),
        recorded("memfd", series(memfd), others: others, baseline: "guest_memfd"),
      ]
    }
    return try Comparison(
      [
        run(
          arms(1000, others: "spin") + arms(1000, others: "idle") + [
            refused, recorded("memfd_secret", series(5)),
          ],
          name: "old", state: old)
      ],
      [
        run(
          arms(1200, others: "spin") + arms(1010, others: "idle")
            + [refused, recorded("guest_memfd_private", series(3))], name: "new", state: new)
      ],
      threshold: 0.05, by: subject)
  }

  @Test func theTableIsReadable() throws {
    let text = ComparisonReport.render(try comparison(), color: false)
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines[0] == "free unmap-last-reference   pages=512 order=sequential")
    let slower = try #require(lines.first { $0.hasPrefix("  memfd others=spin ") })
    #expect(slower.contains(" 1.00 µs  1.20 µs  slower  ×1.20 [1.20, 1.20] "), "\(text)")
    #expect(slower.hasSuffix(" ×1.20  +200 ns"))
    #expect(lines.contains { $0.hasPrefix("  memfd others=idle        1.00 µs  1.01 µs  =       ×1.01 [") })
    let base = try #require(lines.first { $0.hasPrefix("  guest_memfd others=spin ") })
    #expect(base.contains("  =       ×1.00 [1.00, 1.00] against anonymous  ×1.00  "))
    #expect(
      text.contains("not comparable (1 case): both: unsupported: no flag\n  free unmap-last-reference: "))
    let onlyOld = "  free unmap-last-reference   pages=512 order=sequential others=spin: memfd_secret\n"
    #expect(text.contains("only in OLD (1 case)\n" + onlyOld))
    #expect(text.contains("only in NEW (1 case)\n"))
    #expect(
      text.contains(
        "6 cases compared: 1 slower, 0 faster by more than 5.0 %; 5 did not change by more (=), 0 cannot be told (~)\n"
      ))
    #expect(text.contains("of 1 verdict, less than 1 is expected to be false (5 %)\n"))
    #expect(
      text.hasSuffix("slower: \(key("memfd"))\n  ×1.20 [1.20, 1.20] against its baseline\n"))
    #expect(
      lines.filter { !$0.contains("cases compared") && !$0.contains("slower: ") }.allSatisfy {
        $0.count <= 120
      })
  }

  @Test func aValueThatOneRunCannotJudgeIsSaidOnce() throws {
    let text = ComparisonReport.render(try comparison(.value), color: false)
    #expect(text.contains("6 cases are judged by their values, and one run a side does not tell"))
    #expect(
      text.contains("no case could be judged\n") && text.contains("several runs a side, or --database\n"))
    let alone = try Comparison(
      [run([recorded("memfd", series(1))])], [run([recorded("memfd", series(2))])], threshold: 0.05)
    let words = ComparisonReport.render(alone, color: false)
    #expect(words.contains("1 case has no ratio to another arm, and one run a side does not tell how much"))
    // Without an interval: that would be too narrow.
    #expect(words.contains("  ~  ×2.00  +1.00 ns\n"), "\(words)")
  }

  @Test func whatAllArmsShareIsSaid() throws {
    func arms(_ factor: Double) -> ComparedRun {
      run([
        recorded("guest_memfd", series(1000 * factor)),
        recorded("memfd", series(900 * factor), baseline: "guest_memfd"),
      ])
    }
    let text = ComparisonReport.render(
      try Comparison([arms(1)], [arms(1.12)], threshold: 0.05), color: false)
    #expect(text.contains("values in NEW are ×1.12 of OLD's (median): what all arms share"))
  }

  @Test func theMachineHasItsLines() throws {
    let text = ComparisonReport.render(
      try comparison(old: [log(9800), log(100), log(50)], new: [log(10_900), log(99), log(46)]), color: false)
    #expect(
      text.contains(
        "interrupts took 11 % longer in NEW (9.80 µs, 10.9 µs); rows are compared at the state in between\n"))
    #expect(text.contains("zeroing cold memory took 8 % less time in NEW (50.0 ns, 46.0 ns);"))
    // One per cent is nothing.
    #expect(!text.contains("a fixed loop"))
  }

  @Test func theLevelOfPassesStandsBelowItsRow() throws {
    let jumps = series(11_400) { [0, 2, 7].contains($0) ? 1 : 1.22 }
    let comparison = try Comparison(
      [run([recorded("memfd", series(11_400))])], [run([recorded("memfd", jumps)])], threshold: 0.05)
    let text = ComparisonReport.render(comparison, color: false)
    #expect(text.contains("levels: OLD 11.4 µs; NEW 13.9 µs in 5 of 8 passes\n"), "\(text)")
  }

  @Test func whatDiffersIsAWarningWithItsRemedy() throws {
    let findings = ComparisonReport.findings(try comparison())
    #expect(
      findings.map(\.what) == [
        "kernel differs in 1 case: 1000.0 in OLD, 1200.0 in NEW",
        "kernel differs in 1 case: 1000.0 in OLD, 1010.0 in NEW",
      ])
    #expect(findings[0].remedy?.hasSuffix("--across kernel") == true)
  }

  @Test(
    arguments: [
      (0, nil), (900, nil), (2600, "the runs started 43 minutes apart: "),
      (nil, "it is not recorded when the runs started: "),
    ] as [(Double?, String?)])
  func runsFarApartAreKnownLessWell(startedAt: Double?, words: String?) throws {
    func compared(_ startedAt: Double?) throws -> Comparison {
      try Comparison(
        [run([recorded("memfd", series(1))])], [run([recorded("memfd", series(1))], startedAt: startedAt)],
        threshold: 0.05)
    }
    let findings = ComparisonReport.findings(try compared(startedAt)).map(\.what)
    #expect(findings.contains { $0.hasSuffix("what a machine may drift meanwhile") } == (words != nil))
    if let words { #expect(findings.contains { $0.hasPrefix(words) }, "\(findings)") }
  }

  @Test func whatRunsHaveAgainstThemIsSaid() throws {
    let one = [recorded("memfd", series(1))]
    let old = run(one, name: "x", facts: [.plan: "quick", .version: "0.1", .passes: "8"])
    let new = run(
      [recorded("memfd", series(1, hasPasses: false))], name: "y",
      facts: [.plan: "full", .version: "0.2", .passes: "12"], isPartial: true)
    let findings = ComparisonReport.findings(try Comparison([old, old], [new], threshold: 0.05))
    #expect(
      findings.map(\.what) == [
        "y was cut short: its cases have fewer passes than planned, or none",
        "y has no passes: its interval is taken from stretches of its rounds, and is wider",
        "the version of gmembench differs: 0.1 in OLD, 0.2 in NEW; a change may be of gmembench itself",
        "the plan differs: quick in OLD, full in NEW; a case that both have is compared",
        "the number of passes differs: 8 in OLD, 12 in NEW; the side with fewer is known less well",
      ])
    let itself = ComparisonReport.findings(try Comparison([old], [old], threshold: 0.05))
    #expect(itself.first?.what.hasPrefix("run 'x' is on both sides: a run is compared with itself") == true)
  }

  @Test func anotherStateIsAnotherCase() throws {
    func one(_ state: String) -> ComparedRun {
      let key = "a/b/c/p=1" + state
      return run([RecordedCase(key: key, unit: "ns", evidence: .blocks(series(1)))], name: state)
    }
    let comparison = try Comparison([one("")], [one("/state=cold")], threshold: 0.05)
    #expect(
      ComparisonReport.findings(comparison).map(\.what) == [
        "1 case found another state before each block: none that is named in OLD, state=cold in NEW; these are not compared"
      ])
    #expect(ComparisonReport.render(comparison, color: false).contains("nothing could be compared"))
  }

  @Test func weakRowsAndUnknownUnitsAreSaid() throws {
    let old = RecordedCase(
      key: "any text", unit: "", evidence: .summary(p50: 0.5, Interval(low: 0.4, high: 0.6)))
    let comparison = try Comparison(
      [run([old], name: "x"), run([old], name: "y")], [run([old], name: "z")], threshold: 0.05)
    let findings = ComparisonReport.findings(comparison).map(\.what)
    #expect(findings.contains { $0.contains("weaker") } && findings.contains { $0.contains("unit") })
    let text = ComparisonReport.render(comparison, color: false)
    #expect(text.contains("  any text  0.50  0.50  ~  ×1.00 ["), "\(text)")
  }

  @Test func labelsHoldWhatDiffers() {
    let groups = KeyGroup.make(["a/b/x/p=1/q=1", "free text", "a/b/y/p=1/q=2", "a/c/x/p=1"])
    #expect(groups.map(\.heading) == ["a b   p=1", "", "a c   p=1"])
    #expect(groups.map { $0.members.map(\.label) } == [["x q=1", "y q=2"], ["free text"], ["x"]])
    #expect(groups[0].members.map(\.key) == ["a/b/x/p=1/q=1", "a/b/y/p=1/q=2"])
  }

  @Test func aSelfcheckOfWholeRunsCountsItsFalseVerdicts() throws {
    func one(_ ratio: Double) throws -> Comparison {
      func side(_ ratio: Double) -> [ComparedRun] {
        [
          run([
            recorded("guest_memfd", series(1000)),
            recorded("memfd", series(900 * ratio), baseline: "guest_memfd"),
          ])
        ]
      }
      return try Comparison(side(1), side(ratio), threshold: 0.05)
    }
    let quiet = try #require(BetweenRunsResult([one(1), one(1.01), one(1)]))
    #expect(quiet.passes && quiet.verdicts == 0 && quiet.judged == 6 && quiet.same == 6)
    let loud = try #require(BetweenRunsResult([one(1.3), one(1), one(1.3)]))
    #expect(!loud.passes && loud.withVerdicts == 2 && loud.verdicts == 4)
    let text = SelfcheckBetweenReport.render(
      loud, runs: 4, plan: "quick", seed: 7, seconds: 120, color: false)
    #expect(text.hasPrefix("4 runs of the selection from plan quick, each compared with the next: FAILED\n"))
    #expect(
      text.contains(
        "2 of 3 comparisons called something slower or faster though nothing changed; at most 1 may"))
    #expect(text.contains("false verdicts on 4 of 6 cases (66.7 %)"))
    #expect(text.contains("  slower: \(key("memfd"))  ×1.30 ["))
    #expect(BetweenRunsResult([]) == nil)
  }
}
