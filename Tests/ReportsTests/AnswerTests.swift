// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@testable import Reports

@Suite struct AnswerTests {
  private func line(_ text: String, _ label: String) throws -> String {
    String(try #require(text.split(separator: "\n").first { $0.contains(label) }))
  }

  @Test func perGibibyteIsThePagesTimesTheMean() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 1000)
    made.measured("fault-in touch", .memfdSecret, value: 1500, shift: 500)
    made.refused("fault-in touch", .guestMemfdNoDirectMap, "no flag")
    made.measured("fault-in touch", .memfd, value: 900, shift: -100)
    let text = Answer.render(made.report)
    #expect(text.hasPrefix("What it means per GiB of guest memory (262,144 pages of 4 KiB)\n"))
    #expect(text.contains("populate by host (fault-in touch, others=spin) against guest_memfd:"))
    #expect(try line(text, "  guest_memfd ").hasSuffix("262 ms  baseline"))
    // 500 ns, [490, 520], times 262,144.
    #expect(
      try line(text, "memfd_secret (proxy)").hasSuffix("393 ms  +131 ms [128, 136]"))
    #expect(text.contains("not measured: guest_memfd_no_direct_map\n"))
    #expect(!text.contains("  memfd "))
    #expect(text.hasSuffix("it is not guest_memfd and no VM uses it\n"))
    #expect(text.contains("populate by guest (guest-fault touch): not measured\n"))
    #expect(text.contains("free (free unmap-last-reference): not measured\n"))
    #expect(text.contains("the 1 other CPU observed (tlb-flush bystander): not measured\n"))
  }

  @Test func spinAndIdleAreARangeAndNeverPooled() throws {
    var made = MadeReport()
    for (others, value, shift) in [(OthersState.spin, 2000.0, 500.0), (.idle, 1600, 300)] {
      made.measured("free unmap-last-reference", .guestMemfd, others, value: value - shift)
      made.measured("free unmap-last-reference", .memfdSecret, others, value: value, shift: shift)
    }
    made.measured("free unmap-last-reference", .anonymous, .spin, value: 1000, shift: -500, finite: false)
    let text = Answer.render(made.report)
    #expect(text.contains("free (free unmap-last-reference, others=spin and idle) against guest_memfd:"))
    // 300 to 500 ns, [290, 320] and [490, 520].
    #expect(
      try line(text, "memfd_secret (proxy)").contains("419 to 524 ms  +78.6 to +131 ms [76.0, 136]"))
    let anonymous = try line(text, "  anonymous ")
    #expect(anonymous.contains("-131 ms (no interval: needs more passes)"))
    #expect(anonymous.hasSuffix("others=spin only"))
  }

  @Test func timeTakenCountsEveryObservedCPU() throws {
    var made = MadeReport(pageBytes: 65536, held: [1, 2, 3])
    made.measured("tlb-flush bystander", .guestMemfd, value: 100)
    made.measured("tlb-flush bystander", .guestMemfdNoDirectMap, value: 105, shift: 5, status: .unstable)
    let text = Answer.render(made.report)
    #expect(text.contains("(16,384 pages of 64 KiB)"))
    #expect(text.contains("CPU time taken from the 3 other CPUs observed"))
    // 100 ns × 16,384 pages × 3 CPUs.
    #expect(try line(text, "  guest_memfd ").contains("4.92 ms"))
    // 5 ns, [-5, 25].
    let flag = try line(text, "guest_memfd_no_direct_map")
    #expect(flag.contains("+0.25 ms [-0.25, 1.23] not told apart"), "\(flag)")
    #expect(flag.hasSuffix("unstable"))
  }

  @Test func armsStandAgainstTheirOwnBaseline() throws {
    var made = MadeReport()
    made.measured("guest-fault touch", .guestMemfd, value: 1000)
    made.measured("guest-fault touch", .guestMemfdPrivate, value: 1100)
    made.measured("guest-fault touch", .guestMemfdNoDirectMap, value: 1500, shift: 500)
    made.measured(
      "guest-fault touch", .guestMemfdPrivateNoDirectMap, value: 1500, shift: 400,
      baseline: .guestMemfdPrivate)
    let text = Answer.render(made.report)
    #expect(try line(text, "guest_memfd_no_direct_map").hasSuffix("against guest_memfd"))
    #expect(
      try line(text, "private_no_direct_map").hasSuffix("+105 ms [102, 110] against guest_memfd_private"))
  }

  @Test(arguments: [(0, "none while"), (37, "37 of 4 KiB while")]) func pageTablesOfSplitsAreCounted(
    splits: Int64, expected: String
  ) {
    var made = MadeReport()
    made.measured("fault-in touch", .memfdSecret, value: 1000)
    made.report.summaries[0].flush = .on
    made.report.summaries[0].counters = Counters(level2Splits: splits)
    let text = Answer.render(made.report)
    #expect(text.contains("page tables that splits keep: \(expected) 0.02 GiB were removed"), "\(text)")
    // A row that takes pages out elsewhere says nothing of it.
    made.report.summaries[0].flush = nil
    #expect(!Answer.render(made.report).contains("page tables"))
  }

  @Test func aPartialRunSaysSo() {
    var made = MadeReport()
    made.report.isComplete = false
    made.measured("fault-in touch", .guestMemfd, value: 1000, status: .partial)
    let text = Answer.render(made.report)
    #expect(text.contains("partial run)"))
    #expect(text.contains("nothing to compare with; partial"))
  }

  @Test func figuresOfOtherPointsAreNoRange() throws {
    var made = MadeReport()
    made.measured("fault-in touch", .guestMemfd, value: 1000)
    made.measured("fault-in touch", .guestMemfd, value: 4000)
    made.report.summaries[1].measuredCase.memoryNode = 1
    #expect(try line(Answer.render(made.report), "  guest_memfd ").contains(" 262 ms"))
  }
}

@Suite struct ProgressTests {
  @Test func textNamesWhatRuns() {
    let state = RunProgress(
      benchmark: "guest-fault", operation: "touch", others: .spin, pass: 3, passes: 8, secondsLeft: 18.2)
    #expect(ProgressLine.text(state) == "pass 3 of 8: guest-fault touch, others=spin, 18 s left")
  }
}
