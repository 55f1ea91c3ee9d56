// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Records
import Statistics
import Testing

@testable import History

@Suite struct AddingTests {
  private let scratch = Scratch()

  private func database(_ access: SeriesDatabase.Access = .adding) throws -> SeriesDatabase {
    try SeriesDatabase(scratch("history.sqlite"), for: access)
  }

  private func edit(_ file: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: scratch(file), encoding: .utf8)
    #expect(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(
      toFile: scratch(file), atomically: true, encoding: .utf8)
  }

  @Test func aRunIsThereWithContextSummariesAndBlocks() throws {
    let run = MadeRun()
    try run.write(scratch("a"))
    let added = try database().add(folder: scratch("a"))
    #expect(added.isNew && !added.isPartial && added.isNewMachine)
    #expect(added.cases == 3 && added.blocks == 8 && added.newSeries.count == 3)
    let stored = try database(.reading)
    let point = try #require(try stored.points(of: run.series()).first)
    #expect(point.runID == "night-1" && point.startedAt == run.startedAt && point.kernelRelease == "6.18.0")
    #expect(point.value == LocationEstimate(value: 101, interval: Interval(low: 100, high: .infinity)))
    #expect(point.ratio == LocationEstimate(value: 1.5, interval: Interval(low: 1.25, high: 2)))
    #expect(point.blocks == 2 && point.status == "ok" && point.runStatus == "complete")
    let missing = try #require(try stored.points(of: run.series("end-to-end")).first)
    #expect(missing.value == nil && missing.ratio == nil && missing.blocks == 0)
    #expect(missing.status == "unsupported" && missing.reason == "no such thing here")
    let context = try #require(try stored.context(runID: "night-1", machineKey: run.series().machineKey))
    #expect(context.machine.microcode == "0x1" && context.clock.name == "tsc" && context.summaries.isEmpty)
    let blocks = try stored.read {
      try Row.fetchAll($0, sql: "SELECT status, median FROM blocks WHERE summary = 1")
    }
    #expect(blocks.map { $0["status"] } == ["warm-up", "ok", "invalid: no, \"not\" this", "ok"])
    #expect(blocks.allSatisfy { $0["median"] == 101.0 })
  }

  /// An adjusted ratio is worth something beside other nights where the state of its machine is known.
  @Test func ratiosAreBroughtToTheNightsCommonState() throws {
    for (index, interrupt) in [Double?(1000), 1210, nil].enumerated() {
      try MadeRun(day: index + 1, interrupt: interrupt).write(scratch("\(index)"))
      try database().add(folder: scratch("\(index)"))
    }
    let histories = try database(.reading).histories()
    let history = try #require(histories.first { $0.series == MadeRun().series() })
    let state = history.state
    #expect(abs(try #require(state[0]) - log(1100)) < 1e-9 && state[1] == nil)
    let effects = history.points.map { $0.effect(at: state)?.value ?? 0 }
    for (effect, expected) in zip(effects, [1.6 * 1.1.squareRoot(), 1.6 / 1.1.squareRoot(), 1.5]) {
      #expect(abs(effect - expected) < 1e-9, "\(effects)")
    }
    let rows = try RecordedRun(Recording(scratch("1"), depth: .blocks))
    let probes = try #require(rows.context?.state).probes
    let again = try #require(try rows.rows[0].adjustedEffect(at: probes.logarithms))
    #expect(again == history.points[1].adjusted)
  }

  @Test func aSummaryAloneAndAPartialRunAreTaken() throws {
    try MadeRun().write(scratch("a"))
    try MadeRun(day: 2, isComplete: false).write(scratch("b"))
    let added = try database().add(folder: scratch("a/summary.csv"))
    #expect(added.cases == 3 && added.blocks == 0)
    #expect(try database().add(folder: scratch("b")).description.contains("(partial)"))
    let points = try database(.reading).points(of: MadeRun().series())
    #expect(points.map(\.runStatus) == ["", "partial"])
  }

  @Test func theSameAgainIsNothingAndOtherContentIsRefused() throws {
    try MadeRun().write(scratch("a"))
    try MadeRun(value: 200).write(scratch("b"))
    try database().add(folder: scratch("a"))
    let before = try database(.reading).dump()
    let again = try database().add(folder: scratch("a"))
    #expect(!again.isNew && again.newSeries.isEmpty && again.description.contains("already"))
    let other = #expect(throws: HistoryFailure.self) { try database().add(folder: scratch("b")) }
    for part in [scratch("a"), scratch("b"), "night-1", "other content", "history rebuild"] {
      #expect(other?.description.contains(part) == true, "\(part)")
    }
    try edit("a/blocks.csv", ",ok,3,101,", ",ok,3,102,")
    #expect(throws: HistoryFailure.self) { try database().add(folder: scratch("a")) }
    #expect(throws: HistoryFailure.self) { try database().add(folder: scratch("a/summary.csv")) }
    #expect(try database(.reading).dump() == before)
  }

  @Test func anotherKernelIsContextAndAnotherMachineANewSeries() throws {
    try MadeRun().write(scratch("a"))
    try MadeRun(day: 2, kernel: "6.19.0").write(scratch("b"))
    try MadeRun(day: 2, cpus: 4).write(scratch("c"))
    try MadeRun(day: 3, operations: ["touch", "populate", "fallocate"]).write(scratch("d"))
    try database().add(folder: scratch("a"))
    let upgraded = try database().add(folder: scratch("b"))
    #expect(upgraded.newSeries.isEmpty && !upgraded.isNewMachine && !upgraded.description.contains("series"))
    let larger = try database().add(folder: scratch("c"))
    #expect(larger.newSeries.count == 3 && larger.isNewMachine)
    #expect(
      larger.description.contains("3 new series: amd-epyc-25.17.1-4cpu-1node-24gib-kvm is a new machine key"))
    let grown = try database().add(folder: scratch("d"))
    #expect(grown.newSeries == [MadeRun().series("fallocate")] && !grown.isNewMachine)
    #expect(grown.description.contains("fault-in/fallocate/memfd"))
    let stored = try database(.reading)
    #expect(try stored.points(of: MadeRun().series()).map(\.kernelRelease) == ["6.18.0", "6.19.0", "6.18.0"])
    #expect(try stored.outlines().count == 7)
  }

  @Test func aClockThatWentBackwardsIsRefusedUnlessImported() throws {
    try MadeRun(day: 20).write(scratch("a"))
    try MadeRun(day: 10).write(scratch("b"))
    try MadeRun(day: 19).write(scratch("c"))
    try MadeRun(day: 1, cpus: 4).write(scratch("d"))
    try database().add(folder: scratch("a"))
    let failure = #expect(throws: HistoryFailure.self) { try database().add(folder: scratch("b")) }
    for part in ["2026-01-10", "night-20", "2026-01-20", "clock", "history import"] {
      #expect(failure?.description.contains(part) == true, "\(part)")
    }
    // Within a day, as two machines of one key overlap, and on another machine.
    try database().add(folder: scratch("c"))
    try database().add(folder: scratch("d"))
    try database().add(folder: scratch("b"), isLatest: false)
    #expect(
      try database(.reading).points(of: MadeRun().series()).map(\.runID) == [
        "night-10", "night-19", "night-20",
      ])
  }

  @Test(arguments: [
    ("summary.csv", ",101,", ",many,", "not a finite number"),
    ("summary.csv", "2026-01-01T", "01/01/26T", "started_at"),
    ("summary.csv", "night-1,fault-in/populate", "night-2,fault-in/populate", "of run 'night-2'"),
    ("summary.csv", "25.17.1-2cpu", "25.17.1-8cpu", "run.json is of run"),
    ("blocks.csv", "night-1,", "night-7,", "night-7"), ("blocks.csv", ",ok,3,101,", ",ok,3,101", "fields"),
  ])
  func aBadRunIsRefusedWhole(file: String, old: String, new: String, message: String) throws {
    try MadeRun(day: 2).write(scratch("good"))
    try database().add(folder: scratch("good"))
    let before = try database(.reading).dump()
    try MadeRun().write(scratch("bad"))
    try edit("bad/\(file)", old, new)
    do {
      try database().add(folder: scratch("bad"))
      Issue.record("taken")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
    #expect(try database(.reading).dump() == before)
  }

  @Test func aFullDiskKeepsWhatWasThere() throws {
    let database = try database()
    try MadeRun().write(scratch("a"))
    try MadeRun(day: 2, operations: (0..<200).map { "operation-\($0)" }).write(scratch("b"))
    try database.add(folder: scratch("a"))
    let before = try database.dump()
    let pages = try database.read { try Int.fetchOne($0, sql: "PRAGMA page_count") } ?? 0
    try database.queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(pages + 4)")
    }
    let failure = #expect(throws: HistoryFailure.self) { try database.add(folder: scratch("b")) }
    #expect(failure?.description.contains("no space left") == true)
    #expect(try database.dump() == before)
    try database.queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 100000") }
    #expect(try database.add(folder: scratch("b")).cases == 201)
    #expect(try database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
  }

  @Test func seriesAreFoundByTheirParts() throws {
    try MadeRun(operations: ["touch", "touch-after-fallocate"]).write(scratch("a"))
    try MadeRun(cpus: 4).write(scratch("b"))
    for name in ["a", "b"] { try database().add(folder: scratch(name)) }
    let stored = try database(.reading)
    #expect(
      try stored.series(matching: ["touch", "amd-epyc-25.17.1-2cpu-1node-24gib-kvm"]) == MadeRun().series())
    #expect(try stored.series(matching: ["after-fall"]).key.contains("touch-after-fallocate"))
    let many = #expect(throws: HistoryFailure.self) { try stored.series(matching: ["touch"]) }
    #expect(many?.description.contains("could be 2 series") == true)
    let none = #expect(throws: HistoryFailure.self) { try stored.series(matching: ["100%"]) }
    #expect(none?.description.contains("no series") == true)
    #expect(try stored.outlines(.init(benchmarks: ["free"])).isEmpty)
    let touches = try stored.outlines(.init(backings: ["memfd"], parts: ["/touch/"]))
    #expect(touches.count == 2 && touches.allSatisfy { $0.points == 1 && $0.last?.value == 101 })
  }
}
