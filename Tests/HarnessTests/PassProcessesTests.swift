// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@testable import Harness

/// Which process measures which case of a round.
struct PassProcessesTests {
  /// What was asked of each process, in order: its number before each word.
  private final class Record {
    var words: [String] = []
    var processes = 0
    var endsEarly = false
  }

  private final class RecordingMeasurer: PassMeasurer {
    private let record: Record
    private let number: Int

    init(_ record: Record) {
      self.record = record
      number = record.processes
      record.processes += 1
    }

    private func add(_ word: String) { record.words.append("\(number) \(word)") }

    func beginPass(_ cases: [Case]) { add("begin \(cases.map { "\($0.threads)" }.joined(separator: ","))") }

    func measureRound(
      _ operation: OperationReference, _ cases: [Case], countsInterrupts: Bool
    ) -> RoundOutcome {
      add("round \(cases.map { "\($0.backing)×\($0.threads)" }.joined(separator: ","))")
      let readings = cases.map { measured -> Result<BlockReading, Refusal> in
        .success(BlockReading(samples: [Double(measured.threads)], counters: Counters(), placement: .unknown))
      }
      return RoundOutcome(
        probes: Probes(instructions: Double(number)), readings: record.endsEarly ? [] : readings)
    }

    func standAside() { add("aside") }
    func endVisit() { add("endVisit") }
    func endPass() { add("end") }
  }

  private let record = Record()
  private let reference = OperationReference(benchmark: "fault-in", name: "touch", method: "chained stamps")

  private func measured(_ backing: Backing, threads: Int) -> Case {
    Case("fault-in", "touch", backing, pages: 1024).with {
      $0.threads = threads
    }
  }

  private func processes() -> PassProcesses { PassProcesses { [record] in RecordingMeasurer(record) } }

  @Test func whatRunsOnSeveralCPUsHasAProcessOfItsOwnForEachNumberOfThreadsAndVisit() throws {
    let processes = processes()
    let cases = [
      measured(.memfd, threads: 1), measured(.memfd, threads: 4), measured(.anonymous, threads: 4),
      measured(.anonymous, threads: 1), measured(.memfd, threads: 2),
    ]
    try processes.beginPass(cases)
    let outcome = try processes.measureRound(reference, cases, countsInterrupts: true)
    #expect(try outcome.readings.map { try $0.get().samples[0] } == [1, 4, 4, 1, 2])
    #expect(outcome.probes.instructions == 0)
    try processes.endVisit()
    #expect(
      record.words == [
        "0 begin 1,1", "0 round memfd×1", "1 begin 4,4", "0 aside", "1 round memfd×4,anonymous×4", "1 aside",
        "0 round anonymous×1", "2 begin 2", "0 aside", "2 round memfd×2", "2 end", "1 end", "0 endVisit",
      ])
    // The next visit starts others.
    _ = try processes.measureRound(reference, [measured(.memfd, threads: 4)], countsInterrupts: true)
    #expect(record.processes == 4)
    processes.endPass()
    #expect(record.words.suffix(2) == ["3 end", "0 end"])
  }

  @Test func oneThreadTakesOneProcess() throws {
    let processes = processes()
    let cases = [measured(.memfd, threads: 1), measured(.anonymous, threads: 1)]
    try processes.beginPass(cases)
    for _ in 0..<3 { _ = try processes.measureRound(reference, cases, countsInterrupts: true) }
    try processes.endVisit()
    #expect(record.processes == 1 && !record.words.contains("0 aside"))
  }

  @Test func aSignalEndsTheRoundInWhicheverProcessItCame() throws {
    let processes = processes()
    record.endsEarly = true
    let cases = [measured(.memfd, threads: 2), measured(.memfd, threads: 1)]
    try processes.beginPass(cases)
    #expect(try processes.measureRound(reference, cases, countsInterrupts: true).readings.isEmpty)
    #expect(record.words.filter { $0.contains("round") } == ["1 round memfd×2"])
  }
}
