// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Analysis
@testable import Reports
@testable import Statistics

@Suite struct CheckReportTests {
  private func point(_ night: Int, kernel: String = "6.18.1") -> SeriesPoint {
    SeriesPoint(
      runID: "run-\(night)", startedAt: "2026-01-\(10 + night)T02:00:00Z", runStatus: "complete",
      kernelRelease: kernel, status: "ok", reason: "", blocks: 9, value: nil, ratio: nil)
  }

  private func change(
    _ backing: String, _ verdict: SeriesChange.Verdict, ratio: Double = 1.05, at night: Int = 5,
    kind: SeriesChange.Kind = .effect, region: ClosedRange<Int>? = nil
  ) -> SeriesChange {
    let region = region ?? night...night
    var change = SeriesChange(
      series: Series(
        machineKey: "machine", key: "fault-in/touch/\(backing)/pages=512/others=spin", unit: "ns"),
      kind: kind,
      change: ChangePoint(
        index: night, region: region, before: 0..<night, after: night..<10,
        ratio: LocationEstimate(value: ratio, interval: Interval(low: ratio - 0.01, high: ratio + 0.01)),
        pValue: 1e-9),
      before: point(night - 1), after: point(night, kernel: "6.18.2"), earliest: point(region.lowerBound - 1),
      latest: point(region.upperBound, kernel: "6.18.2"), levelBefore: 1.2, levelAfter: 1.2 * ratio)
    change.verdict = verdict
    return change
  }

  private func render(_ changes: [SeriesChange], context: [ContextChange] = [], recent: Int = 14) -> String {
    var check = SeriesCheck([], rule: SeriesCheck.Rule()) { _ in false }
    check.series = 4
    check.changes = changes
    check.nights = ["machine": (0..<10).map { point($0).startedAt }]
    return CheckReport.render(check, context: context, recentNights: recent, color: false)
  }

  @Test func anAlarmSaysWhatSinceWhenByHowMuchAndWhatChangedWithIt() {
    var alarm = change("memfd_secret", .regression)
    alarm.facts = [
      FactChange(name: "kernel", before: "6.18.1", after: "6.18.2"),
      FactChange(name: "command line", before: "", after: "nohz_full=1"),
    ]
    let text = render([alarm, change("guest_memfd_no_direct_map", .regression)])
    #expect(text.contains("since 2026-01-15T02:00:00Z, run run-5, after run-4   machine"), "\(text)")
    #expect(text.contains("kernel 6.18.1 → 6.18.2\n") && text.contains("command line: - → nohz_full=1"))
    #expect(
      text.contains("memfd_secret")
        && text.contains("×1.05 [1.04, 1.06]  ×1.200 → ×1.260  against the baseline"))
    #expect(text.contains("2 regressions (") && !text.contains("or not just then"))
  }

  @Test func aPlaceThatIsNotCertainIsSaid() {
    let text = render([change("memfd_secret", .regression, region: 4...7)])
    #expect(
      text.contains("or not just then: between 2026-01-13T02:00:00Z and 2026-01-17T02:00:00Z"), "\(text)")
  }

  @Test func whatTheMachineDidIsOneLineHoweverManySeries() {
    let shared = ["anonymous", "memfd", "memfd_secret", "guest_memfd"].map {
      change($0, .machine, ratio: 1.15, kind: .absolute)
    }
    let text = render(shared)
    #expect(text.contains("4 figures, ×1.15\n") && text.hasSuffix("no regression\n"), "\(text)")
    #expect(!text.contains("anonymous"))
  }

  @Test func whatIsOldIsNoNewsButAlarms() {
    let old = [change("memfd", .improvement, ratio: 0.9, at: 2), change("memfd_secret", .regression, at: 2)]
    let text = render(old, recent: 3)
    #expect(!text.contains("Improvements") && text.contains("1 regression ("), "\(text)")
    #expect(render(old).contains("Improvements"))
  }

  @Test func acknowledgedAndRefutedOnesAreNoAlarms() {
    var known = change("memfd_secret", .regression)
    known.isAcknowledged = true
    var refuted = change("guest_memfd_no_direct_map", .regression)
    refuted.measuredAgain(1.2)
    var undone = change("memfd", .regression)
    undone.isUndone = true
    let text = render([known, refuted, undone])
    #expect(text.hasSuffix("no regression; 1 acknowledged\n"), "\(text)")
    #expect(text.contains("did not bear out") && text.contains("measured again: ×1.200, as before"))
  }

  @Test func whatAFigureMeansIsAnnounced() {
    let text = render(
      [change("guest_memfd_no_direct_map", .meaning)],
      context: [
        ContextChange(
          machineKey: "machine", startedAt: "2026-01-15", before: "2026-01-14", what: "the dialect: a → b")
      ])
    #expect(
      text.contains("context since 2026-01-15 on machine: the dialect: a → b") && text.contains("Not judged"))
  }
}
