// SPDX-License-Identifier: Apache-2.0
import Analysis
import Foundation
import GRDB
import Model
import Records
import Statistics

@testable import History

/// A directory of its own for each test, gone afterwards.
final class Scratch {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("history-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// A run that gmembench's own files are made of.
struct MadeRun {
  var day = 1
  var cpus = 2
  var kernel = "6.18.0"
  var value = 100.0
  var operations = ["touch", "populate"]
  var isComplete = true
  /// What its probe of interrupts said, ns.
  var interrupt: Double?

  var startedAt: String { "2026-01-\(day < 10 ? "0" : "")\(day)T02:00:00Z" }
  var runID: String { "night-\(day)" }

  private var context: RunContext {
    RunContext(
      runID: runID, startedAt: startedAt, version: "0.1.0",
      fingerprint: Fingerprint(
        cpuModel: "AMD EPYC", cpuFamilyModelStepping: "25.17.1", architecture: "x86_64", cpus: cpus, nodes: 1,
        memoryGib: 24, hypervisor: "kvm", kernelRelease: kernel, kernelVersion: "#1 SMP",
        microcode: "0x\(day)"),
      planName: "nightly", seed: 7, precision: 0.02, budget: 30,
      clock: ClockDescription(name: "tsc", ticksPerNanosecond: 2.6, callOverhead: 18, pageOverhead: 9.5),
      measuringCPU: 0, heldCPUs: CPUSet([1]), onlineCPUs: CPUSet([0, 1]), pages: 512, pageBytes: 4096)
  }

  static func point(_ operation: String) -> Case {
    Case("fault-in", operation, .memfd, pages: 512).with { $0.others = .spin }
  }

  /// Each operation has a warm-up, an invalid block and two that count; one more case is unsupported.
  func write(_ path: String) throws {
    let files = try RunFiles(context: context, directory: path)
    var report = RunReport(context: context)
    report.isComplete = isComplete
    report.elapsed = 20
    report.state = [interrupt.map { log($0) }, nil, nil]
    for operation in operations {
      for (number, status) in [Block.Status.warmUp, .valid, .invalid("no, \"not\" this"), .valid].enumerated()
      {
        try files.record(
          Block(
            measuredCase: Self.point(operation), number: number, place: BlockPlace(round: number),
            position: 0, status: status,
            samples: [value, value + 1, value + 2], placement: .verified, counters: .none, faultsTaken: nil,
            gaps: nil, stolen: nil))
      }
      var summary = summary(operation)
      summary.status = .ok
      summary.estimates.blocks = 2
      summary.estimates.samples = Distribution([value, value + 1, value + 2])
      summary.estimates.medianInterval = Interval(low: value, high: .infinity)
      summary.estimates.effect = Effect(
        shift: LocationEstimate(value: 1, interval: .unbounded),
        ratio: LocationEstimate(value: 1.5, interval: Interval(low: 1.25, high: 2)), isPaired: true,
        adjustedRatio: LocationEstimate(value: 1.6, interval: Interval(low: 1.5, high: 1.75)),
        slopes: [0.5, nil, nil])
      report.summaries.append(summary)
    }
    var missing = summary("end-to-end")
    missing.status = .unsupported
    missing.reason = "no such thing here"
    report.summaries.append(missing)
    try files.finish(report)
  }

  private func summary(_ operation: String) -> Summary {
    Summary(Self.point(operation), axis: .backing, unit: .nanoseconds, method: "timed loop", pageBytes: 4096)
  }

  func series(_ operation: String = "touch") -> Series {
    Series(
      machineKey: context.fingerprint.machineKey, key: Self.point(operation).key,
      unit: SampleUnit.nanoseconds.rawValue)
  }
}

extension SeriesDatabase {
  @discardableResult
  func add(folder path: String, isLatest: Bool = true) throws -> Added {
    try add(RecordedRun(Recording(path, depth: .everyBlock)), isLatest: isLatest)
  }

  /// Everything in it, row by row.
  func dump() throws -> [String] {
    try read { db in
      try ["runs", "series", "summaries", "blocks"].flatMap { table in
        try Row.fetchAll(db, sql: "SELECT * FROM \(table) ORDER BY 1, 2").map { "\(table) \($0)" }
      }
    }
  }
}
