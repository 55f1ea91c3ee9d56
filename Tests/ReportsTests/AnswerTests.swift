// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@testable import Reports

@Suite struct AnswerTests {
  private func line(_ text: String, _ label: String) throws -> String {
    String(try #require(text.split(separator: "\n").first { $0.hasPrefix(label) }, "\(text)"))
  }

  private func answer(_ made: MadeReport) -> String { Answer.render(made.report, width: 80, color: false) }

  @Test func perGibibyteIsThePagesTimesTheMean() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 1000)
    made.measured("fault-in touch", .memfdSecret, value: 1500, shift: 500)
    made.refused("fault-in touch", .guestMemfdNoDirectMap, "no flag")
    made.refused("guest-fault touch", .memfdSecret, "cannot back a guest")
    made.measured("guest-fault touch", .guestMemfd, value: 2000)
    made.measured("guest-fault touch", .memfd, value: 2200, shift: 200)
    let text = answer(made)
    #expect(text.contains("2 CPUs, 24 GiB, a guest of kvm, Linux 6.18.44\n"))
    #expect(text.contains("GUEST_MEMFD_FLAG_NO_DIRECT_MAP: no flag; memfd_secret stands in for it"))
    // 500 ns times 262,144; the medians' ratio.
    let host = try line(text, "populate by host")
    #expect(host.hasSuffix("262 ms  +131 ms  ×1.50 [1.48, 1.53]"), "\(host)")
    #expect(try line(text, "populate by guest").hasSuffix("524 ms  cannot back a guest"))
    #expect(try line(text, "free").hasSuffix("not measured"))
  }

  @Test func theFlagStandsBeforeTheProxy() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 1000)
    made.measured("fault-in touch", .memfdSecret, value: 1900, shift: 900)
    made.measured("fault-in touch", .guestMemfdNoDirectMap, value: 1500, shift: 500)
    let text = answer(made)
    #expect(try line(text, "populate by host").contains("+131 ms"))
    #expect(!text.contains("memfd_secret"))
  }

  @Test func spinAndIdleAreARangeAndNeverPooled() throws {
    var made = MadeReport()
    for (others, value, shift) in [(OthersState.spin, 2000.0, 500.0), (.idle, 1600, 300)] {
      made.measured("free unmap-last-reference", .guestMemfd, others, value: value - shift)
      made.measured("free unmap-last-reference", .memfdSecret, others, value: value, shift: shift)
    }
    let text = answer(made)
    // 300 to 500 ns; ratios of 1.23 [1.21, 1.26] and 1.33 [1.31, 1.36].
    let free = try line(text, "free")
    #expect(free.hasSuffix("341 to 393 ms  +78.6 to +131 ms  ×1.23–1.33 [1.21, 1.36]"), "\(free)")
    #expect(RunText.brief(made.report, width: 80, color: false).contains("A range covers two states"))
  }

  @Test func timeTakenCountsEveryObservedCPU() throws {
    var made = MadeReport(pageBytes: 65536, held: [1, 2, 3])
    made.measured("tlb-flush bystander", .guestMemfd, value: 100)
    made.measured("tlb-flush bystander", .guestMemfdNoDirectMap, value: 105, shift: 5)
    let text = answer(made)
    #expect(text.contains("per GiB, 64 KiB pages"))
    // 100 ns and 5 ns [-5, 25] × 16,384 pages × 3 CPUs.
    let taken = try line(text, "taken from 3 other CPUs")
    #expect(taken.hasSuffix("4.92 ms  +246 µs"), "\(taken)")
    #expect(text.contains("×1.05 [1.03, 1.08] (not told apart)\n"))
  }

  @Test func figuresOfOtherPointsAreNoRange() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 1000)
    made.measured("fault-in touch", .memfdSecret, value: 1500, shift: 500)
    made.measured("fault-in touch", .guestMemfd, value: 4000)
    made.measured("fault-in touch", .memfdSecret, value: 9500, shift: 5500)
    for row in 2...3 {
      made.report.summaries[row].measuredCase.memoryNode = 1
      made.report.summaries[row].baseline?.memoryNode = 1
    }
    #expect(try line(answer(made), "populate by host").contains("262 ms  +131 ms"))
  }

  @Test func countedInstructionsAreOfAPage() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 4889)
    made.measured("fault-in touch", .guestMemfdNoDirectMap, value: 6113, shift: 1224)
    for row in made.report.summaries.indices { made.report.summaries[row].unit = .instructions }
    let text = answer(made)
    #expect(text.contains("per page, instructions"))
    #expect(try line(text, "populate by host").contains("4,889  +1,224  ×1.25"))
  }

  @Test func aPartialRunSaysSo() throws {
    var made = MadeReport()
    made.report.isComplete = false
    made.measured("fault-in touch", .guestMemfd, value: 1000, status: .partial)
    made.measured("fault-in touch", .memfdSecret, value: 1500, shift: 500, finite: false, status: .partial)
    let text = RunText.brief(made.report, width: 80, color: false)
    #expect(try line(text, "populate by host").contains("+131 ms"))
    #expect(text.contains("(no interval: needs more passes) (partial)"))
    #expect(text.contains("the plan was not carried out to its end"))
  }

  /// Long names, reasons and figures, and a narrow place.
  @Test(arguments: [60, 80, 132]) func noLineIsLongerThanThePlace(width: Int) {
    var made = MadeReport(held: Array(1...511))
    let reason = String(repeating: "a reason of many words, ", count: 20) + String(repeating: "x", count: 200)
    for name in [
      "fault-in touch", "guest-fault touch-after-fallocate", "free unmap-last-reference",
      "tlb-flush bystander",
    ] {
      for others in OthersState.allCases {
        made.measured(name, .guestMemfd, others, value: 123_456_789)
        made.measured(name, .guestMemfdNoDirectMap, others, value: 987_654_321_000, shift: 987_530_864_211)
        made.refused(name, .guestMemfdPrivateNoDirectMap, reason)
      }
    }
    made.report.warnings = [Finding(.warning, reason, remedy: reason), Finding(.note, reason)]
    let text = RunText.brief(made.report, width: width, color: false)
    for line in text.split(separator: "\n") where !line.contains("xxx") {
      #expect(line.count <= width, "\(line)")
    }
  }

  @Test func everyOperationIsALineWithItsBar() throws {
    var made = MadeReport()
    for (name, factor) in [("fault-in touch", 5.0), ("free unmap-last-reference", 2.0)] {
      made.measured(name, .guestMemfd, value: 1000)
      made.measured(name, .anonymous, value: 500, shift: -500)
      made.measured(name, .memfdSecret, value: 1000 * factor, shift: 1000 * (factor - 1), status: .unstable)
    }
    let text = RunText.brief(made.report, width: 80, color: false)
    let fault = try line(text, "fault-in touch, spin")
    #expect(fault.contains("1.00 µs  5.00 µs  ×5.00 ±0.5 % ~"), "\(fault)")
    let free = try line(text, "free unmap-last-reference, spin")
    #expect(fault.count { $0 == "─" } > free.count { $0 == "─" } && fault.hasSuffix("●"))
  }
}

@Suite struct ConditionsTests {
  @Test(arguments: [(0, "none while"), (37, "37 of 4 KiB while")]) func pageTablesOfSplitsAreCounted(
    splits: Int64, expected: String
  ) {
    var made = MadeReport()
    made.measured("fault-in touch", .memfdSecret, value: 1000)
    made.report.summaries[0].flush = .on
    made.report.summaries[0].counters = Counters(level2Splits: splits)
    let text = Conditions.render(made.report)
    #expect(text.contains("page tables that splits keep: \(expected) 0.02 GiB were removed"), "\(text)")
    // A row that takes pages out elsewhere says nothing of it.
    made.report.summaries[0].flush = nil
    #expect(!Conditions.render(made.report).contains("page tables"))
  }
}

@Suite struct WrappingTests {
  @Test func linesBreakAtBlanks() {
    #expect(wrapped("one two three", width: 7) == ["one two", "three"])
    #expect(wrapped("one two three", width: 7, indent: 2) == ["one two", "  three"])
    #expect(wrapped("a überlangeswort b", width: 5) == ["a", "überlangeswort", "b"])
    #expect(wrapped(" \n ", width: 5).isEmpty)
  }

  @Test func aLongTextIsShortenedAtABlank() {
    #expect(shortened("one two", width: 7) == "one two")
    #expect(shortened("one two three", width: 9) == "one two …")
    #expect(shortened("onetwothree", width: 5) == "onet…")
  }
}

@Suite struct ProgressTests {
  @Test func textNamesWhatRuns() {
    let state = RunProgress(
      benchmark: "guest-fault", operation: "touch", others: .spin, pass: 3, passes: 8, secondsLeft: 18.2)
    #expect(ProgressLine.text(state) == "pass 3 of 8: guest-fault touch, others=spin, 18 s left")
  }
}
