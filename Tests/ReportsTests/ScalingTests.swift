// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics
import Testing

@testable import Reports

@Suite("what the report says of threads")
struct ScalingTests {
  /// An arm of so many threads that reach a speed-up.
  private func add(
    _ backing: Backing, threads: Int, value: Double, speedUp: Double, flush: FlushSetting? = nil,
    shift: Double? = nil, name: String = "fault-in touch", to made: inout MadeReport
  ) {
    made.measured(name, backing, value: value, shift: shift)
    let last = made.report.summaries.count - 1
    made.report.summaries[last].measuredCase.threads = threads
    made.report.summaries[last].measuredCase.flush = flush
    made.report.summaries[last].scaling = Scaling(
      throughput: speedUp * 1e6,
      speedUp: threads == 1
        ? nil : LocationEstimate(value: speedUp, interval: Interval(low: speedUp - 0.1, high: speedUp + 0.1)),
      fairness: threads == 1 ? nil : 0.97)
  }

  @Test func nothingIsSaidWithoutSeveralNumbersOfThreads() {
    var made = MadeReport()
    made.measured("fault-in touch", .memfd, value: 1000)
    #expect(ScalingTable.render(made.report, color: false) == nil)
  }

  @Test func fromTwoNumbersOfThreadsNothingIsClaimed() throws {
    var made = MadeReport()
    add(.memfd, threads: 1, value: 1000, speedUp: 1, to: &made)
    add(.memfd, threads: 2, value: 1100, speedUp: 1.82, to: &made)
    let text = try #require(ScalingTable.render(made.report, color: false))
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("  memfd        1  1.00 µs  1.00 µs  1,000,000") }, "\(text)")
    #expect(lines.contains { $0.contains("1,820,000  ×1.82 [1.72, 1.92]      0.97") }, "\(text)")
    #expect(
      text.contains(
        "2 numbers of threads whose speed-up has an interval: too few for a claim about scaling, which takes 4"
      ))
    #expect(!text.contains("with 2 threads"))
  }

  @Test func aRegionForSeveralThreadsIsInTheTableOfOne() throws {
    var made = MadeReport()
    for (threads, speedUp) in [(1, 1.0), (2, 1.9), (4, 3.0)] {
      for backing in [Backing.memfd, .memfdSecret] {
        add(backing, threads: threads, value: 1000, speedUp: speedUp, to: &made)
        made.report.summaries[made.report.summaries.count - 1].measuredCase.pages = 512 * threads
      }
    }
    let text = try #require(ScalingTable.render(made.report, color: false))
    let heading = "fault-in touch   others=spin   512 to 2,048 pages, node 0\n"
    #expect(text.split(separator: heading).count == 2, "\(text)")
    #expect(!text.contains("one thread was not measured"))
    let shares =
      "What the median fault-in touch of memfd_secret (proxy) is made of   others=spin   512 to 2,048 pages"
    #expect(text.split(separator: shares).count == 2, "\(text)")
  }

  @Test func fourNumbersMakeAClaim() throws {
    var made = MadeReport()
    for (threads, speedUp) in [(1, 1.0), (2, 1.9), (4, 3.0), (8, 2.0)] {
      add(.memfd, threads: threads, value: 1000, speedUp: speedUp, to: &made)
    }
    let text = try #require(ScalingTable.render(made.report, color: false))
    #expect(
      text.contains("memfd: ×2.00 [1.90, 2.10] with 8 threads, 25 % of 8 times one; most pages/s with 4"),
      "\(text)")
  }

  @Test func aSpeedUpWithoutAnIntervalIsNoPoint() throws {
    var made = MadeReport()
    for (threads, speedUp) in [(1, 1.0), (2, 1.9), (4, 3.0), (8, 2.0)] {
      add(.memfd, threads: threads, value: 1000, speedUp: speedUp, to: &made)
    }
    made.report.summaries[3].scaling?.speedUp?.interval = .unbounded
    let text = try #require(ScalingTable.render(made.report, color: false))
    #expect(text.contains("3 numbers of threads whose speed-up has an interval: too few"), "\(text)")
    #expect(!text.contains("with 8 threads"))
  }

  @Test func oneThreadMayBeTheBestAndAnArmNeedsFourNumbersOfItsOwn() throws {
    var made = MadeReport()
    for (threads, speedUp) in [(1, 1.0), (2, 0.9), (4, 0.7), (8, 0.5)] {
      add(.memfdSecret, threads: threads, value: 1000, speedUp: speedUp, to: &made)
      if threads < 8 { add(.memfd, threads: threads, value: 1000, speedUp: 1, to: &made) }
    }
    let text = try #require(ScalingTable.render(made.report, color: false))
    #expect(text.contains("with 8 threads, 6 % of 8 times one; most pages/s with 1\n"), "\(text)")
    #expect(!text.contains("  memfd: ×"))
  }

  @Test func withoutOneThreadThereIsNoSpeedUpAndNoTotal() throws {
    var made = MadeReport()
    add(.guestMemfd, threads: 2, value: 1000, speedUp: 1, to: &made)
    made.report.summaries[0].scaling?.speedUp = nil
    let text = try #require(ScalingTable.render(made.report, color: false))
    #expect(text.contains("no speed-up: one thread was not measured"), "\(text)")
    // Nor a total: pages that two threads take in at once do not take the sum of their times.
    let answer = Answer.render(made.report, width: 80, color: false)
    #expect(answer.split(separator: "\n").contains { $0.hasPrefix("populate by host") && !$0.contains("ms") })
  }

  @Test func withoutASwitchNothingIsBookedOnTheFlush() throws {
    var made = MadeReport()
    for threads in [1, 2] {
      add(.memfd, threads: threads, value: 1000, speedUp: 1, to: &made)
      add(.memfdSecret, threads: threads, value: 9000, speedUp: 1, to: &made)
    }
    let text = try #require(ScalingTable.render(made.report, color: false))
    #expect(text.contains("What the median fault-in touch of memfd_secret (proxy) is made of"))
    #expect(text.contains("removal, cpa_lock and flush"))
    #expect(text.contains("+8.00 µs"))
    #expect(text.contains("the flush cannot be switched off here"))
  }

  @Test func withTheSwitchTheFlushIsToldFromTheLock() throws {
    var made = MadeReport()
    for threads in [1, 2] {
      add(.guestMemfd, threads: threads, value: 1000, speedUp: 1, to: &made)
      add(.guestMemfdNoDirectMap, threads: threads, value: 9000, speedUp: 1, to: &made)
      for (flush, value) in [(FlushSetting.off, 1500.0), (.on, 9100)] {
        add(
          .guestMemfdNoDirectMap, threads: threads, value: value * Double(threads), speedUp: 1, flush: flush,
          shift: flush == .on ? 7600 * Double(threads) : nil, name: "tlb-flush flush-cost", to: &made)
      }
    }
    let text = try #require(ScalingTable.render(made.report, color: false))
    let words = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    #expect(words.contains("1 1.00 µs +500 ns +7.60 µs [7.59, 7.62]"), "\(text)")
    #expect(words.contains("2 1.00 µs +2.00 µs +15.2 µs [15.2, 15.2]"), "\(text)")
    #expect(!text.contains("cannot be switched off"))
    #expect(text.contains("flush=off"))
  }
}
