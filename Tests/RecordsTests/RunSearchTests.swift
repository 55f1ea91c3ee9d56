// SPDX-License-Identifier: Apache-2.0
import Analysis
import Glibc
import Model
import Statistics
import Testing

@testable import Records

@Suite struct RunSearchTests {
  private let scratch = Scratch()

  private func summary(_ name: String, day: Int) throws {
    var report = Made.report()
    report.context.startedAt = "2026-11-0\(day)T00:00:00Z"
    _ = try AppendedFile(path: scratch(name), header: SummaryCSV.bytes(of: report))
  }

  @Test func runsBelowAreInTheOrderOfTime() throws {
    for folder in ["a", "empty", "loose"] { mkdir(scratch(folder), 0o777) }
    try summary("a/summary.csv", day: 3)
    _ = try AppendedFile(path: scratch("a/blocks.csv"), header: BlocksCSV.header)
    try summary("loose/host1.csv", day: 1)
    try summary("loose/host2.csv", day: 2)
    _ = try AppendedFile(path: scratch("loose/samples.csv"), header: SamplesCSV.header)
    _ = try AppendedFile(path: scratch("loose/bad.csv"), header: Array("\"".utf8))
    _ = try AppendedFile(path: scratch("loose/notes.txt"), header: [])
    _ = try AppendedFile(path: scratch("empty/summary.csv"), header: SummaryCSV.bytes(of: Made.report([])))
    symlink(scratch.path, scratch("loose/up"))
    let search = try RunSearch(below: [scratch.path])
    #expect(
      search.runs == ["loose/bad.csv", "loose/host1.csv", "loose/host2.csv", "a"].map { scratch($0) })
    #expect(
      search.findings.map(\.what) == [
        "\(scratch("empty")): no row in the summary: left out",
        "\(scratch("loose/samples.csv")): no summary: left out",
      ])
  }

  @Test func whatWasNamedIsLeftToItsReader() throws {
    let missing = scratch("missing")
    #expect(try RunSearch(below: [missing]).runs == [missing])
    #expect(RunSearch(runs: [missing]).runs == [missing])
    #expect(throws: SinkFailure.self) { try RecordedRun(Recording(missing, depth: .everyBlock)) }
  }

  @Test func aSeriesAsCSVReadsBack() throws {
    let point = SeriesPoint(
      runID: "r", startedAt: "2026-11-01T00:00:00Z", runStatus: "partial", kernelRelease: "6.18",
      status: "ok",
      reason: "a, \"b\"", blocks: 3,
      value: LocationEstimate(value: 1e-7, interval: Interval(low: 0, high: .infinity)), ratio: nil)
    let series = Series(machineKey: "m", key: "redis, get", unit: "ns")
    let rows = try CSVReader.rows(of: SeriesCSV.bytes(of: [(series, [point])]), file: "f")
    #expect(rows.count == 1)
    for (column, text) in [
      "case": "redis, get", "reason": "a, \"b\"", "run_status": "partial", "blocks": "3", "p50": "0.0000001",
      "p50_low": "0", "p50_high": "", "ratio": "", "ratio_low": "",
    ] {
      #expect(rows[0][column] == text, "\(column)")
    }
  }
}
