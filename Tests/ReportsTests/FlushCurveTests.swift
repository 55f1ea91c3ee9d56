// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics
import Testing

@testable import Reports

@Suite struct FlushCurveTests {
  /// A curve of `values`, the median fault beside 0, 1, 2, … busy CPUs.
  private func report(_ values: [Double], _ backing: Backing = .memfdSecret, unit: SampleUnit = .nanoseconds)
    -> RunReport
  {
    var made = MadeReport()
    for (count, value) in values.enumerated() {
      var measured = MadeReport.point("tlb-flush states", backing, .idle)
      measured.busy = BusyCPUs(count, .walk)
      var summary = Summary(measured, axis: .busy, unit: unit, method: "", pageBytes: 4096)
      summary.status = .ok
      summary.estimates.blocks = 1
      summary.estimates.samples = Distribution([value])
      summary.estimates.medianInterval = Interval(low: value, high: value)
      summary.mechanism = .ipi
      summary.gaps = UInt64(512 * count)
      summary.counters = Counters(calInterrupts: [512, 0])
      var figures = BystanderFigures()
      figures.add(
        Bystanders(
          cpus: CPUSet(0..<count), stolen: Array(repeating: 512_000, count: count),
          gaps: Array(repeating: 990, count: count),
          walks: count > 0 ? .init(calm: 2, calmTime: 2000, refilling: 1, refillingTime: 1300) : nil))
      summary.bystanders = figures
      made.report.summaries.append(summary)
    }
    return made.report
  }

  private func lines(_ report: RunReport) -> [String] {
    FlushCurve.render(report, color: false).split(separator: "\n").map(String.init)
  }

  @Test func aPointSaysWhatTheFaultAndEachBystanderPay() throws {
    let lines = lines(report([1000, 2000]))
    #expect(
      lines[0]
        == "tlb-flush states   others=idle but those busy with walk   512 pages, CPU node 0, memory node 0   per page"
    )
    #expect(lines[1] == "  memfd_secret (proxy)")
    #expect(lines[2].split(separator: " ").first == "busy")
    let words = lines[4].split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    #expect(
      words == "1 2.00 µs 2.00 µs 1.00 µs 1.00 µs 990 ns 990 ns 300 ns 1.00 1.00 IPI")
    #expect(
      lines[3].split(separator: " ").map(String.init) == ["0", "1.00", "µs", "1.00", "µs", "1.00", "IPI"])
  }

  @Test func aBusyCPUThatRanOtherWorkIsToldOf() {
    var report = report([1000, 2000])
    #expect(!FlushCurve.render(report, color: false).contains("other work"))
    report.summaries[1].gaps = 128
    #expect(lines(report)[4].hasSuffix("busy CPUs saw 25.0 % of the flushes: other work ran there"))
  }

  @Test func noWordOnScalingFromFewerThanFourPoints() {
    #expect(
      lines(report([1000, 2000, 3000])).last
        == "    3 points have an interval: how the cost scales takes 4 at least")
    let scaling = lines(report([1000, 2000, 3000, 4000])).last
    #expect(
      scaling
        == "    a line through 4 numbers of CPUs: +1.00 µs for each further busy one; no point is more than 0.00 ns off it"
    )
  }

  @Test func pointsOfTooFewBlocksAreNoLine() {
    var report = report([1000, 2000, 3000, 4000])
    report.summaries[2].estimates.medianInterval = .unbounded
    #expect(lines(report).last == "    3 points have an interval: how the cost scales takes 4 at least")
  }

  @Test func curvesStandInNoOtherTable() {
    let report = report([1000, 2000])
    #expect(!SummaryTable.render(report, color: false).contains("tlb-flush states"))
    #expect(FlushCurve.render(MadeReport().report, color: false).isEmpty)
  }

  @Test func oneReasonStandsForAWholeCurve() {
    var report = report([1000, 2000], .guestMemfdNoDirectMap)
    for index in report.summaries.indices {
      report.summaries[index].status = .unsupported
      report.summaries[index].reason = "no flag"
    }
    #expect(lines(report).dropFirst() == ["  guest_memfd_no_direct_map  unsupported: no flag"])
  }
}
