// SPDX-License-Identifier: Apache-2.0
import Analysis
import Statistics
import Testing

@testable import Reports

@Suite struct SeriesReportTests {
  private let series = Series(
    machineKey: "machine", key: "fault-in/touch/memfd/pages=512/order=sequential/threads=1", unit: "ns")

  private func point(_ day: Int, _ value: Double?, kernel: String = "6.18") -> SeriesPoint {
    SeriesPoint(
      runID: "night-\(day)", startedAt: "2026-11-0\(day)T00:00:00Z", runStatus: "complete",
      kernelRelease: kernel,
      status: value == nil ? "unsupported" : "ok", reason: value == nil ? "no such thing" : "", blocks: 5,
      value: value.map { LocationEstimate(value: $0, interval: Interval(low: $0 - 10, high: $0 + 10)) },
      ratio: nil)
  }

  private func lines(_ points: [SeriesPoint], width: Int = 40) -> [String] {
    SeriesReport.show(series, points, width: width, color: false).split(separator: "\n").map(String.init)
  }

  @Test func pointsHaveALineAndAPlaceInThePlot() throws {
    let lines = lines([point(1, 100), point(2, nil), point(3, 300, kernel: "6.19")])
    #expect(lines.contains { $0.contains("night-1") && $0.contains("100 ns  [90.0 ns, 110 ns]") })
    #expect(lines.contains { $0.contains("night-2") && $0.contains("unsupported; no such thing") })
    #expect(lines.contains { $0.contains("night-3") && $0.hasSuffix("Linux 6.19") })
    let top = try #require(lines.firstIndex { $0.hasPrefix(" 310 ns ┤") })
    let bottom = try #require(lines.firstIndex { $0.hasPrefix("90.0 ns ┤") })
    #expect(bottom - top == 11 && lines[bottom].hasPrefix("90.0 ns ┤•"))
    #expect(lines[top..<bottom].contains { $0.hasSuffix("•") && $0.count == 40 })
    #expect(
      lines[(bottom + 2)...] == [
        "                        ×", "                                       ▲",
        "         2026-11-01           2026-11-03", "▲ 2026-11-03T00:00:00Z: Linux 6.18 to 6.19",
      ])
    #expect(lines[top...].allSatisfy { $0.count <= 40 || $0.hasPrefix("▲") })
  }

  @Test func morePointsThanColumnsAreAllDrawn() {
    // The highest of many shares its column, and is drawn all the same.
    let points = (0..<500).map { point(1, $0 == 251 ? 900 : 100) }
    let lines = lines(points, width: 30)
    #expect(lines.count { $0.contains("•") } == 2)
  }

  @Test func oneValueAndNone() {
    #expect(lines([point(1, 100)]).count { $0.contains("•") } == 1)
    let none = lines([point(1, nil)])
    #expect(none.count == 4 && !none.contains { $0.contains("┤") })
  }

  @Test func theListHasLastFiguresByMachine() {
    let outlines = ["a", "b"].map { machine in
      SeriesOutline(
        series: Series(machineKey: machine, key: series.key, unit: "ns"), points: 2, runs: 3,
        last: machine == "a" ? (1500, "2026-11-03T00:00:00Z") : nil)
    }
    let text = SeriesReport.list(outlines, color: false)
    #expect(text.contains("a\n  fault-in touch   pages=512 order=sequential threads=1\n"))
    #expect(text.contains("2  1.50 µs  2026-11-03T00:00:00Z  ns"))
    #expect(text.contains("-  no figure in 3 runs  ns") && text.hasSuffix("2 series on 2 machine keys\n"))
  }
}
