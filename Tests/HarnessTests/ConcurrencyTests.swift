// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Analysis
@testable import Harness
@testable import Model

@Suite("threads beside each other")
struct ConcurrencyTests {
  /// Threads by when they begin, their pages and their mean page.
  private func concurrency(_ threads: (begin: Double, pages: Int, mean: Double)...) -> Concurrency? {
    Concurrency(
      threads.map {
        Concurrency.Part(
          begin: $0.begin, end: $0.begin + Double($0.pages) * $0.mean, pages: $0.pages, mean: $0.mean)
      })
  }

  @Test func theSlowestThreadSaysHowLongItTook() {
    let all = concurrency((0, 10, 4), (1, 12, 5), (2, 10, 2.5))
    #expect(all?.elapsed == 61)
    #expect(all?.fairness == 0.5)
    #expect(concurrency((0, 10, 4), (0, 10, 4))?.fairness == 1)
    #expect(concurrency() == nil)
    #expect(concurrency((0, 10, 0), (0, 10, 4)) == nil)
  }

  /// Two threads of which one came when the other had ended are no faster than one, and no result.
  @Test func whoComesLateGainsNothing() throws {
    let late = try #require(concurrency((0, 10, 4), (40, 10, 4)))
    #expect(late.elapsed == 80)
    #expect(late.overlap == 0)
    var reading = BlockReading(samples: [4], counters: .none, placement: .unknown)
    reading.concurrency = late
    func shortcoming() throws -> String? {
      try Expectation().shortcoming(of: reading, MadeUpRun.measured(.memfd), pageBytes: 4096)
    }
    #expect(try shortcoming() == "its threads ran together for 0 % of the time")
    // Two at once, and one that took half as long again.
    reading.concurrency = concurrency((0, 10, 4), (2, 10, 6))
    #expect(reading.concurrency?.overlap == 38.0 / 62)
    #expect(try shortcoming() == nil)
  }

  private func block(_ round: Int, threads: Int, mean: Double) -> Block {
    var measured = MadeUpRun.measured(.memfd)
    measured.threads = threads
    return Block(
      measuredCase: measured, number: round, place: BlockPlace(round: round), position: 0, status: .valid,
      samples: Array(repeating: mean, count: measured.pages), placement: .verified, counters: .none,
      faultsTaken: nil, gaps: nil, stolen: nil,
      concurrency: threads > 1
        ? Concurrency(
          (0..<threads).map { _ in
            let own = measured.pages / threads
            return .init(begin: 0, end: Double(own) * mean, pages: own, mean: mean)
          }) : nil)
  }

  @Test func aSpeedUpIsTheRatioOfPagesASecondRoundByRound() throws {
    var alone = ThroughputSeries()
    var two = ThroughputSeries()
    for round in 1...8 {
      // The machine slows down from round to round; two threads take 1.25 times as long a page as one.
      let pace = Double(round) * 100
      alone.add(block(round, threads: 1, mean: pace))
      two.add(block(round, threads: 2, mean: 1.25 * pace))
    }
    let scaling = try #require(two.scaling(against: alone))
    let speedUp = try #require(scaling.speedUp)
    #expect(abs(speedUp.value - 1.6) < 1e-9)
    #expect(speedUp.interval.isFinite)
    #expect(scaling.fairness == 1)
    let single = try #require(alone.scaling(against: nil))
    #expect(single.speedUp == nil && single.fairness == nil)
    #expect(abs(single.throughput - 1e9 / 450) < 0.05 * single.throughput)
    #expect(ThroughputSeries().scaling(against: nil) == nil)
  }

  /// CPU 2 measures, CPU 0 belongs to the second thread: only CPU 1, which is held, can tell of flushes.
  @Test func aCPUThatAThreadRunsOnIsNoWitness() {
    let witness = FlushWitness(
      CPURoles(measuring: 2, held: CPUSet([0, 1]), online: CPUSet(0..<3)), mechanism: "IPI")
    var measured = MadeUpRun.measured(.memfdSecret)
    measured.others = .spin
    measured.threads = 2
    let pages = Int64(measured.pages)
    let counters = Counters(calInterrupts: [pages / 2, pages, pages / 2], tlbInterrupts: [0, 0, 0])
    #expect(witness.shown(by: counters, blocks: 1, of: measured) == .on)
    measured.others = .idle
    #expect(witness.mechanism(by: counters, blocks: 1, of: measured) == .ipi)
    measured.others = .spin
    measured.threads = 1
    #expect(witness.shown(by: counters, blocks: 1, of: measured) == .unknown)
    measured.threads = 3
    #expect(witness.shown(by: counters, blocks: 1, of: measured) == .unknown)
    #expect(witness.mechanism(by: counters, blocks: 1, of: measured) == .unknown)
  }
}
