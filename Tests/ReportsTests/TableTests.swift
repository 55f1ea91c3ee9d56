// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics
import Testing

@testable import Reports

@Suite struct TableTests {
  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private func line(_ text: String, _ label: String) throws -> String {
    try #require(lines(text).first { $0.contains(label) })
  }

  @Test func armsAreRowsAgainstTheirBaseline() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 1500)
    made.measured("fault-in touch", .memfdSecret, value: 2020, shift: 520)
    made.measured("fault-in touch", .memfd, value: 1400, shift: -100, finite: false)
    made.measured("fault-in touch", .anonymous, value: 520, shift: -980, status: .unstable)
    made.measured("fault-in touch", .anonymousHuge, value: 5.25, shift: -1494.75, status: .partial)
    made.refused("fault-in touch", .guestMemfdNoDirectMap, "no flag (another kernel)")
    let text = SummaryTable.render(made.report, color: false)
    #expect(text.contains("fault-in touch   others=spin   512 pages, node 0   per page\n"))
    #expect(try line(text, "  guest_memfd ").hasSuffix("1.50 µs  1.50 µs  1.50 µs  baseline"))
    #expect(try line(text, "memfd_secret (proxy)").hasSuffix("2.02 µs  ×1.35 [1.33, 1.38]  +520 ns"))
    #expect(try line(text, "  memfd ").contains("×0.93 (no interval: needs more passes)  -100 ns"))
    #expect(try line(text, "  anonymous ").hasSuffix("-980 ns  ~3.0 %"))
    #expect(try line(text, "anonymous_huge").contains("5.25 ns") == true)
    #expect(try line(text, "anonymous_huge").hasSuffix("partial (8 blocks)"))
    #expect(try line(text, "  guest_memfd_no_direct_map").contains("unsupported: no flag (another kernel)"))
    #expect(!text.contains("\u{1B}"))
    #expect(lines(text).allSatisfy { !$0.hasSuffix(" ") })
    #expect(SummaryTable.render(made.report, color: true).contains("\u{1B}[1m"))
  }

  @Test func aReasonIsToldOnce() {
    var made = MadeReport()
    for name in ["fault-in touch", "free unmap"] {
      made.measured(name, .guestMemfd, value: 1500)
      made.refused(name, .guestMemfdNoDirectMap, "no flag (another kernel)")
    }
    let table = SummaryTable.render(made.report, color: false).split(separator: "\n").dropFirst()
    #expect(table.count { $0.contains("unsupported: no flag (another kernel)") } == 1)
    #expect(table.count { $0.hasSuffix("unsupported, as above") } == 1)
  }

  @Test func armsThatDifferInTheFlushAreNamedByIt() throws {
    var made = MadeReport()
    for (flush, value) in [(FlushSetting.off, 1500.0), (.on, 2020)] {
      made.measured(
        "tlb-flush flush-cost", .guestMemfdNoDirectMap, value: value, shift: flush == .on ? 520 : nil,
        baseline: .guestMemfdNoDirectMap)
      let last = made.report.summaries.count - 1
      made.report.summaries[last].armAxis = .flush
      made.report.summaries[last].measuredCase.flush = flush
    }
    made.report.summaries[1].baseline = made.report.summaries[0].measuredCase
    let text = SummaryTable.render(made.report, color: false)
    #expect(
      text.contains("tlb-flush flush-cost   guest_memfd_no_direct_map   others=spin   512 pages, node 0"))
    #expect(try line(text, "  flush=off ").hasSuffix("baseline"))
    #expect(try line(text, "  flush=on ").contains("+520 ns"))
  }

  @Test func armsOfBatchesAndCyclesSayWhichTheyAre() throws {
    var made = MadeReport()
    for batch in [1, 1024] {
      made.measured("free punch-host-mapped", .guestMemfd, value: 300)
      made.report.summaries[made.report.summaries.count - 1].armAxis = .batch
      made.report.summaries[made.report.summaries.count - 1].measuredCase.batch = batch
    }
    made.measured("free churn", .guestMemfd, value: 3000)
    made.report.summaries[2].armAxis = .cycle
    made.report.summaries[2].measuredCase.cycle = 8
    let text = SummaryTable.render(made.report, color: false)
    #expect(lines(text).count { $0.hasPrefix("free punch-host-mapped   guest_memfd   others=spin") } == 1)
    for label in ["  batch=1 ", "  batch=1024 ", "  cycle=8 "] { #expect(text.contains(label), "\(label)") }
  }

  @Test func smallRatiosKeepTheirDigits() {
    #expect(Figures.ratio(0.0035, Interval(low: 0.0034, high: 0.0036)) == "×0.0035 [0.0034, 0.0036]")
    #expect(Figures.ratio(12.34, .unbounded) == "×12.3 (no interval: needs more passes)")
  }

  @Test func groupsStandApart() {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, .spin, value: 1500)
    made.measured("fault-in touch", .guestMemfd, .idle, value: 1400)
    made.measured("tlb-flush bystander", .guestMemfd, value: 30)
    for threads in [1, 2] {
      made.measured("tlb-flush user-shootdown", .anonymous, value: 900)
      let last = made.report.summaries.count - 1
      made.report.summaries[last].armAxis = .threads
      made.report.summaries[last].measuredCase.threads = threads
    }
    let text = SummaryTable.render(made.report, color: false)
    #expect(lines(text).count { $0.hasPrefix("fault-in touch") } == 2)
    #expect(text.contains("time stolen per page from each bystander CPU"))
    #expect(lines(text).count { $0.hasPrefix("tlb-flush user-shootdown   anonymous   others=spin") } == 1)
    #expect(text.contains("threads=1 ") && text.contains("threads=2 "))
  }

  @Test func theHeadlineSaysThatNothingRemoves() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 1500)
    made.refused("fault-in touch", .guestMemfdNoDirectMap, "no flag (another kernel)")
    made.refused(
      "fault-in touch", .memfdSecret, "memfd_secret is switched off (boot with secretmem.enable=1)")
    let first = try #require(Headline.render(made.report))
    #expect(first.hasPrefix("nothing measured here leaves the direct map"))
    #expect(first.contains("no flag (another kernel)"))
    #expect(first.contains("memfd_secret: memfd_secret is switched off (boot with secretmem.enable=1)"))
  }

  @Test func theHeadlineSaysThatOnlyTheProxyDoes() {
    var made = MadeReport()
    made.refused("fault-in touch", .guestMemfdPrivateNoDirectMap, "private")
    made.refused("guest-fault touch", .guestMemfdNoDirectMap, "odd one")
    made.refused("fault-in touch", .guestMemfdNoDirectMap, "no flag (another kernel)")
    made.refused("free unmap", .guestMemfdNoDirectMap, "no flag (another kernel)")
    made.measured("fault-in touch", .memfdSecret, value: 2000, shift: 500)
    #expect(
      Headline.render(made.report)
        == "GUEST_MEMFD_FLAG_NO_DIRECT_MAP: no flag (another kernel); memfd_secret stands in for it: its pages leave the "
        + "direct map too")
  }

  @Test(arguments: [CaseStatus.ok, .unstable, .partial])
  func noHeadlineWhereTheFlagIsMeasured(status: CaseStatus) {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfdNoDirectMap, value: 2000, shift: 500, status: status)
    #expect(Headline.render(made.report) == nil)
    made.report.summaries[0].estimates.blocks = 0
    #expect(Headline.render(made.report)?.hasPrefix("nothing measured here leaves the direct map") == true)
  }

  @Test func bystandersSayWhatInterruptedThem() {
    var made = MadeReport()
    made.measured("tlb-flush bystander", .memfdSecret, value: 5500)
    made.report.summaries[0].estimates.blocks = 2
    made.report.summaries[0].gaps = 1048
    made.report.summaries[0].counters = Counters(calInterrupts: [1024, 0], tlbInterrupts: [0, 0])
    let text = SummaryTable.render(made.report, color: false)
    #expect(text.contains("1.023 gaps, 1.000 CAL interrupts, 0.000 TLB interrupts a page, over all CPUs"))
  }

  @Test func closingSaysWhatTheRunWas() {
    var made = MadeReport()
    made.report.timingOverhead = TimingOverhead(
      backing: "guest_memfd", perPage: 1970, whole: 1950, unfenced: 2400, relative: 0.009, relativeLow: 0.005,
      relativeHigh: 0.013, blocks: 12)
    let text = Closing.render(made.report)
    for part in [
      "amd-epyc-25.17.1-2cpu-1node-24gib-kvm", "Linux 6.18.44", "seed 7", "28.4 s", "complete", "clock tsc",
      "per-page timing adds 0.9 % [0.5, 1.3] to a guest_memfd fault (1.97 µs page by page, 1.95 µs once around; 2.40 µs",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    made.report.isComplete = false
    #expect(Closing.render(made.report).contains("partial"))
  }

  @Test func warningsNameTheirRemedy() {
    let text = Warnings.render(
      [Finding(.warning, "noisy", remedy: "be quiet"), Finding(.note, "so")], color: false)
    #expect(text == "warning: noisy\n  → be quiet\nnote: so\n")
    #expect(Warnings.render([], color: true) == "")
  }

  @Test func listingSaysWhyNot() {
    let text = CaseListing.render([("a/b", nil), ("a/long", "no KVM (load it)")], color: false)
    #expect(text == "a/b     ok\na/long  no: no KVM (load it)\n1 of 2 cases can be measured here\n")
  }

  @Test(arguments: [
    (0, "0.00 ns"), (0.352, "0.35 ns"), (-12.34, "-12.3 ns"), (999.4, "999 ns"), (999.6, "1.00 µs"),
    (1970, "1.97 µs"), (9_996, "10.0 µs"), (12_300_000, "12.3 ms"), (999_600_000, "1.00 s"),
    (2.5e12, "2500 s"),
  ])
  func timesHaveThreeDigits(value: Double, text: String) {
    #expect(Figures.time(value) == text)
  }
}
