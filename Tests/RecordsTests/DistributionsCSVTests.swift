// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics
import Testing

@testable import Records

@Suite struct DistributionsCSVTests {
  private static let values = (1...20_000).map { 100 + Double($0 % 1000) / 4 }

  private func lines(_ summaries: [Summary]) throws -> [RecordedDistribution] {
    try DistributionsCSV.lines(of: DistributionsCSV.bytes(of: Made.report(summaries)), file: "d")
  }

  @Test func aCaseIsReadBackAsItWas() throws {
    let summary = Made.summary(samples: Self.values)
    let line = try #require(try lines([summary]).first)
    #expect(line.key == summary.measuredCase.key && line.unit == "ns" && line.samples == 20_000)
    #expect(line.bins == summary.samples.bins)
    let quantiles = try #require(summary.samples.quantiles(DistributionsCSV.quantiles.map(\.share)))
    #expect(line.quantiles == quantiles)
  }

  @Test func theHistogramSaysWhatShareIsBelow() throws {
    let line = try #require(try lines([Made.summary(samples: Self.values)]).first)
    #expect(line.share(upTo: 99.9) == 0 && line.share(upTo: 1e9) == 1)
    for value in stride(from: 110, to: 350, by: 7.0) {
      let expected = Double(Self.values.count { $0 <= value }) / Double(Self.values.count)
      #expect(abs(line.share(upTo: value) - expected) < 0.005)
    }
  }

  @Test func onlyCasesWithAFigureHaveALine() throws {
    var refused = Made.summary(.guestMemfdNoDirectMap)
    refused.status = .unsupported
    #expect(try lines([refused]).isEmpty)
    #expect(try lines([refused, Made.summary()]).map(\.key) == [Made.point(.memfdSecret).key])
  }

  @Test(arguments: [
    ("1:2:3", "1:2:2"), ("1:2:3", "2:1:3"), ("1:2:3", "1:2"), ("1:2:3", "1:2:-3"), ("1:2:3", "nan:2:3"),
    ("1:2:3", "1:2:9223372036854775807;2:3:9223372036854775807"), ("1:2:3", ""), ("1:2:3", "1:2:2;0:1:1"),
  ])
  func aDamagedHistogramIsRefusedByLineAndColumn(sound: String, damaged: String) throws {
    func file(_ histogram: String) -> [UInt8] {
      var text = CSVText()
      text.line(DistributionsCSV.columns)
      text.line(["r", "c", "ns", "3"] + DistributionsCSV.quantiles.map { _ in "2" } + [histogram])
      return text.bytes
    }
    #expect(try DistributionsCSV.lines(of: file(sound), file: "d").count == 1)
    let failure = #expect(throws: CSVFailure.self) {
      try DistributionsCSV.lines(of: file(damaged), file: "d")
    }
    #expect(failure?.description.hasPrefix("d:2:") == true)
  }
}
