// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@testable import Analysis
@testable import Model

@Suite("what the blocks of a row show beside their centre")
struct DiagnosisTests {
  private let measured = MadeUpRun.measured(.memfd)

  private func series(_ values: [Double], splits: [Int64] = []) -> BlockSeries {
    var series = BlockSeries()
    for (round, value) in values.enumerated() {
      let counters = Counters(
        level2Splits: splits.isEmpty ? 0 : splits[round], contextSwitches: 0, migrations: 0, minorFaults: 512)
      series.add([value], at: BlockPlace(round: round + 1), counters: counters)
    }
    return series
  }

  private func findings(_ series: BlockSeries) -> [Finding] { Diagnosis.findings([(measured, series)]) }

  private func noise(_ count: Int, seed: UInt64 = 1) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in 100 + Double(generator.next() % 1000) / 500 }
  }

  @Test func noiseIsNoFinding() {
    #expect(findings(series(noise(40))).isEmpty)
    #expect(findings(series(Array(repeating: 5, count: 40))).isEmpty)
    #expect(findings(BlockSeries()).isEmpty)
  }

  @Test func twoModesAreNamedWithTheCounterThatGoesWithThem() throws {
    let isCold = (0..<30).map { [0, 1, 4, 9, 13, 17, 21, 22, 26, 29].contains($0) }
    let values = zip(noise(30), isCold).map { $0 + ($1 ? 50 : 0) }
    let found = findings(series(values, splits: isCold.map { $0 ? 1 : 0 }))
    let modes = try #require(found.first { $0.what.contains("two modes") })
    #expect(modes.what.contains("made-up call memfd, others=idle"))
    #expect(modes.what.contains("20 and 10 of them"))
    #expect(modes.what.contains("huge direct-map entries split (1.0 a block against 0.0)"))
    #expect(modes.remedy?.contains("--direct-map split") == true)
    let unexplained = try #require(findings(series(values)).first { $0.what.contains("two modes") })
    #expect(unexplained.what.contains("no counter of ours"))
  }

  @Test func modesTooCloseToMatterAreNotNamed() {
    let values = (0..<30).map { $0 % 3 == 0 ? 104.0 : 100.0 }
    #expect(findings(series(values)).isEmpty)
  }

  @Test(arguments: [1.0, -1.0]) func aDriftIsNamedWithItsDirection(sign: Double) throws {
    let values = noise(300).enumerated().map { $1 + sign * Double($0) / 10 }
    let drift = try #require(findings(series(values)).first { $0.what.contains("from first to last") })
    #expect(drift.what.contains(sign > 0 ? "blocks rise by" : "blocks fall by"))
  }

  /// What the row itself says of its passes needs no finding.
  @Test func levelsOfWholePassesAreNamedPassByPass() throws {
    var series = BlockSeries()
    for (round, value) in noise(40).enumerated() {
      let pass = 1 + round / 5
      let place = BlockPlace(round: round + 1, pass: pass)
      series.add([[2, 5, 6].contains(pass) ? 1.25 * value : value], at: place)
    }
    let levels = series.estimates(against: nil).levels
    #expect(levels.map(\.passes) == [[1, 3, 4, 7, 8], [2, 5, 6]])
    #expect(abs(levels[0].center - 101) < 1 && abs(levels[1].center - 126) < 1.5)
    #expect(!findings(series).contains { $0.what.contains("two modes") })
    #expect(self.series(noise(40)).estimates(against: nil).levels.isEmpty)
  }

  @Test func manyRowsAreToldInFew() {
    let drifting = series(noise(40).enumerated().map { $1 + Double($0) })
    let rows = (0..<20).map { _ in (measured, drifting) }
    let drifts = Diagnosis.findings(rows).filter { $0.what.contains("from first to last") }
    #expect(drifts.count == 1)
    #expect(drifts.first?.what.hasSuffix("(and 19 rows like it)") == true)
  }
}
