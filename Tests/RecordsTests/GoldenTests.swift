// SPDX-License-Identifier: Apache-2.0
import Foundation
import Model
import Statistics
import Testing

@testable import Records

/// The files byte for byte as they were written before columns were a table. Where a column comes in, the recorded files
/// follow.
@Suite struct GoldenTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden")

  private static func recorded(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  /// Every column has a value in one row, and as many as can be are empty in another.
  private static var report: RunReport {
    var full = Made.summary()
    full.measuredCase.directMap = .split
    full.measuredCase.sibling = .spin
    full.abi = .mainline
    full.guestMemfdFlags = 3
    full.placement = .misplaced(2)
    full.flush = .on
    full.reason = "rests on \"this\", and that"
    full.estimates.levels = [
      .init(center: 11_400.5, passes: [1, 2]), .init(center: 13_900, passes: [3]),
    ]
    full.estimates.effect = Effect(
      shift: LocationEstimate(value: 1.5, interval: Interval(low: 1.25, high: 1.75)),
      ratio: LocationEstimate(value: 0.9, interval: Interval(low: 0.8, high: 1)), isPaired: true,
      adjustedShift: LocationEstimate(value: 2.5, interval: Interval(low: 2.25, high: 2.75)),
      adjustedRatio: LocationEstimate(value: 0.95, interval: Interval(low: 0.85, high: 1.05)),
      slopes: [0.5, nil, -0.125], passes: 3, betweenShare: 0.25)
    full.counters = Counters(
      level2Splits: 4, level3Splits: 1, calInterrupts: [10, 2], tlbInterrupts: [3, 4], contextSwitches: -1,
      migrations: 5)
    full.faultsTaken = 512
    var none = Summary(
      Made.point(), axis: .backing, unit: .nanosecondsPerVM, method: "m", pageBytes: 4096)
    none.status = .unsupported
    none.counters = .none
    return Made.report([full, Made.summary(.anonymous), none])
  }

  private static var blocks: [Block] {
    var full = Made.block(4)
    full.frames = BlockFrames(new: 7, ofBlockBefore: 3)
    full.place.probes.instructions = 5400
    full.faultsTaken = 511
    full.counters = Counters(
      level2Splits: 1, level3Splits: 2, level2Collapses: 3, level3Collapses: 4, calInterrupts: [5, 6],
      tlbInterrupts: [7, 8], localTimerInterrupts: [9, 10], contextSwitches: 11, migrations: 12,
      minorFaults: 13, stolenTicks: 14, throttled: 15,
      hardware: HardwareCounts(
        cyclesUser: 512, cyclesKernel: 1024, instructionsUser: 1536, instructionsKernel: 2048,
        dtlbMisses: 768, itlbMisses: 256, pageWalks: 128))
    full.directMap?.after.gib1 = 1 << 30
    let empty = Block(
      measuredCase: Made.point(.memfd), number: 0, place: BlockPlace(round: 0), position: 0, status: .valid,
      samples: [], placement: .verified, counters: .none, faultsTaken: nil, gaps: nil, stolen: nil)
    return [full, Made.block(), empty]
  }

  @Test func theSummaryIsWrittenAsBefore() throws {
    let text = String(decoding: SummaryCSV.bytes(of: Self.report), as: UTF8.self)
    #expect(try text == Self.recorded("summary.csv"))
  }

  @Test func blocksAreWrittenAsBefore() throws {
    let bytes = Self.blocks.reduce(into: BlocksCSV.header) { $0 += BlocksCSV.bytes(of: $1, runID: "r, 1") }
    #expect(try String(decoding: bytes, as: UTF8.self) == Self.recorded("blocks.csv"))
  }

  @Test func samplesAreWrittenAsBefore() throws {
    let bytes = Self.blocks.reduce(into: SamplesCSV.header) { $0 += SamplesCSV.bytes(of: $1, runID: "r, 1") }
    #expect(try String(decoding: bytes, as: UTF8.self) == Self.recorded("samples.csv"))
  }

  @Test func theRunIsWrittenAsBefore() throws {
    var report = Self.report
    report.context.fingerprint = Fingerprint(
      cpuModel: "AMD EPYC", cpuFamilyModelStepping: "25.17.1", architecture: "x86_64", cpus: 2, nodes: 1,
      memoryGib: 24, hypervisor: "kvm", kernelRelease: "6.18.44", kernelVersion: "#1 SMP",
      microcode: "0x1", commandLine: "nokaslr", governor: "performance", turbo: "on",
      idle: "intel_idle, menu",
      deepestIdleState: "C6", smt: "off", transparentHugePages: "madvise", numaBalancing: 1,
      mitigations: ["meltdown": "Mitigation: PTI"], clocksource: "tsc", ksm: "off", swapBytes: 1 << 20,
      directMap: DirectMapSizes(kib4: 1, mib2: 2, gib1: 3))
    #expect(try String(decoding: RunJSON(report).bytes(), as: UTF8.self) == Self.recorded("run.json"))
    let bare = String(decoding: try RunJSON(Made.report()).bytes(), as: UTF8.self)
    #expect(try bare == Self.recorded("run-bare.json"))
  }

  private static let runs: [URL] = {
    let results = folder.appendingPathComponent("../../../Results").standardized
    let files = FileManager.default.enumerator(at: results, includingPropertiesForKeys: nil)
    return (files?.compactMap { $0 as? URL } ?? []).filter { $0.lastPathComponent == "summary.csv" }
      .map { $0.deletingLastPathComponent() }
  }()

  /// Of every schema that there was.
  @Test func everyRunThatWasKeptCanBeRead() throws {
    var schemas: Set<String> = []
    for run in Self.runs {
      let recording = try Recording(run.path, depth: .everyBlock)
      #expect(recording.findings.isEmpty && recording.context != nil, "\(run.path)")
      let kept = try RecordedRun(recording)
      schemas.formUnion(kept.rows.map { $0.fields["schema"] })
      #expect(kept.rows.contains { !$0.blocks.isEmpty }, "\(run.path)")
      let text = try String(contentsOf: run.appendingPathComponent("run.json"), encoding: .utf8)
      #expect(try String(decoding: #require(kept.context).bytes(), as: UTF8.self) == text, "\(run.path)")
    }
    #expect(schemas == ["1", "2", "3"])
  }

  /// A column may come in, but none goes or moves.
  @Test func theNewestRunHasItsColumnsInOrder() throws {
    let newest = try #require(Self.runs.first { $0.lastPathComponent == "quick-passes" })
    for (name, columns) in [("summary.csv", SummaryCSV.columns), ("blocks.csv", BlocksCSV.columns)] {
      let header = try CSVReader(path: newest.appendingPathComponent(name).path).header
      #expect(columns.filter(header.contains) == header, "\(name)")
    }
  }
}
