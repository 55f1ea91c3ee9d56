// SPDX-License-Identifier: Apache-2.0
import Analysis
import Glibc
import Model
import Statistics
import Testing

@testable import Records

@Suite struct RecordingTests {
  private let scratch = Scratch()

  private func file(_ name: String, _ text: String) throws -> String {
    let path = scratch(name)
    _ = try AppendedFile(path: path, header: Array(text.utf8))
    return path
  }

  /// A run of two arms whose rows are what their blocks give: a warm-up, an invalid block, a round that one arm
  /// has alone, more samples than are kept exactly.
  private func makeRun(_ name: String, samples: Bool) throws -> RunReport {
    let files = try RunFiles(context: Made.context, directory: scratch(name), samplesInDirectory: samples)
    var generator = SeededGenerator(seed: 3)
    var series = [BlockSeries(), BlockSeries()]
    let points = [Made.point(), Made.point(.memfdSecret)]
    var machine = MachineState()
    for round in 0..<12 {
      for (arm, point) in points.enumerated() {
        var block = Made.block(
          round,
          samples: (0..<512).map { _ in Double.random(in: 100...300, using: &generator) * Double(arm + 1) })
        block.measuredCase = point
        block.place = BlockPlace(
          round: round, pass: 1 + round / 3,
          probes: Probes(
            interrupt: 10_000 + 500 * Double(round / 3), instructions: 5_400, memory: 100 + Double(round)))
        machine.add(block.place.probes)
        block.status = round == 0 ? .warmUp : round == 5 && arm == 1 ? .invalid("no, \"not\" this") : .valid
        if block.status == .valid {
          series[arm].add(
            block.samples, at: block.place, trips: block.counters.interruptTrips(pages: point.pages))
        }
        try files.record(block)
      }
    }
    var baseline = Made.summary()
    baseline.measuredCase = points[0]
    baseline.baseline = nil
    baseline.estimates = series[0].estimates(against: nil, state: machine.center)
    var arm = Made.summary()
    arm.reason = "rests on \"this\", and that"
    arm.estimates = series[1].estimates(against: series[0], state: machine.center)
    var failed = Made.summary(.anonymous)
    failed.status = .failed
    failed.estimates = Estimates()
    let report = Made.report([baseline, arm, failed])
    try files.finish(report)
    return report
  }

  @Test func aFolderWithSamplesGivesTheRunsOwnSummary() throws {
    _ = try makeRun("run", samples: true)
    let recording = try Recording(scratch("run"), depth: .samples)
    #expect(recording.findings.isEmpty && recording.limits.isEmpty)
    let bytes = SummaryCSV.bytes(of: try recording.recomputed(baseline: nil))
    #expect(try String(decoding: bytes, as: UTF8.self) == Scratch.text(scratch("run/summary.csv")))
  }

  @Test func aFolderWithoutSamplesGivesWhatItsBlocksKnow() throws {
    let report = try makeRun("run", samples: false)
    let recording = try Recording(scratch("run"), depth: .samples)
    let rows = try recording.recomputed(baseline: nil)
    let own = SummaryFigures(report.summaries[1].estimates)
    let figures = rows[1].figures
    #expect(figures.blocks == 10 && figures.samples == 5120)
    #expect(figures.minimum == own.minimum && figures.maximum == own.maximum)
    #expect(abs((figures.mean ?? 0) - (own.mean ?? 1)) < 1e-9)
    #expect(figures.effect == own.effect && figures.medianInterval == own.medianInterval)
    #expect(figures.standardDeviation == nil && figures.p99 == nil && figures.mildOutliers == nil)
    #expect(figures.p50 != own.p50 && abs((figures.p50 ?? 0) - (own.p50 ?? 0)) < 20)
    #expect(rows[1].texts["reason"]?.hasSuffix("p50 is the median of the blocks' medians") == true)
    #expect(rows[2].figures.blocks == 0)
    #expect(recording.limits.first?.what.contains("no samples.csv") == true)
  }

  @Test func anotherBaselineIsComparedWithoutRounds() throws {
    _ = try makeRun("run", samples: true)
    let recording = try Recording(scratch("run"), depth: .samples)
    let rows = try recording.recomputed(baseline: Made.point(.memfdSecret).key)
    #expect(rows[0].figures.effect?.isPaired == false && rows[1].figures.effect == nil)
    #expect(try recording.recomputed(baseline: Made.point().key)[1].figures.effect?.isPaired == true)
    let failure = #expect(throws: UnknownCase.self) { try recording.recomputed(baseline: "touch/none") }
    #expect(failure?.description.contains(Made.point().key) == true)
  }

  @Test func samplesOfABlockThatAreNotAllThereAreLeftOutAndSaid() throws {
    _ = try makeRun("run", samples: true)
    let lines = try Scratch.text(scratch("run/samples.csv")).split(separator: "\n")
    _ = try file("run/samples.csv", lines.dropLast(100).joined(separator: "\n") + "\n")
    let recording = try Recording(scratch("run"), depth: .samples)
    #expect(try recording.recomputed(baseline: nil)[1].figures.blocks == 9)
    #expect(recording.findings.map(\.what).contains { $0.contains("1 blocks are left out") })
  }

  @Test func samplesFromElsewhereAreSummarised() throws {
    var text = "run_id,case,block,sample,value\r\n"
    for block in 0..<8 {
      for (name, factor) in [("redis, get", 1.0), ("other", 2.0)] {
        for sample in 1...3 {
          text +=
            "x,\(name.contains(",") ? "\"\(name)\"" : name),\(block),\(sample),\(factor * Double(10 * sample + block))\r\n"
        }
      }
    }
    let recording = try Recording(file("s.csv", text), depth: .samples)
    let rows = try recording.recomputed(baseline: "redis, get")
    #expect(recording.form == .samples && rows.map(\.key) == ["redis, get", "other"])
    #expect(rows[1].figures.blocks == 8 && rows[1].figures.samples == 24 && rows[1].figures.maximum == 74)
    #expect(rows[1].figures.effect?.isPaired == false && (rows[1].figures.effect?.ratio?.value ?? 0) > 1.5)
    let back = try SummaryCSV.rows(of: SummaryCSV.bytes(of: rows), file: "f")
    #expect(back[1]["schema"] == "3" && back[1]["run_id"] == "x" && back[1]["baseline"] == "redis, get")
    for column in ["unit", "status", "machine_key", "backing", "cal_interrupts"] {
      #expect(back[1][column] == "")
    }
    #expect(recording.limits.first?.severity == .note)
    _ = try file("blocks.csv", "")
    #expect(recording.limits.first?.remedy?.contains("gmembench summarize") == true)
  }

  static let header = "run_id,case,block,sample,value\n"

  @Test(arguments: [
    ("", "1:1: the file is empty: there is no header line"),
    (
      "a,b\n", "1:1: neither a summary.csv nor a blocks.csv nor a samples.csv: the header names other columns"
    ),
    ("run_id,case,block,value\n", "1:1: not a samples.csv: the column 'sample' is missing"),
    (header + "r,c,0,0\n", "2:7: 4 fields, but the header names 5: 'value' is missing"),
    (header + "r,c,0,0,1,2\n", "2:11: 6 fields, but the header names 5"),
    (header + "r,c,0,0,1\nr,c,0,1,nan\n", "3:9: value is 'nan', not a finite number"),
    (header + "r,c,0,0,inf\n", "2:9: value is 'inf', not a finite number"),
    (header + "r,c,0,0,1e999\n", "2:9: value is '1e999', not a finite number"),
    (header + "r,c,0,0,1\nr,c,0,1,2x\n", "3:9: value is '2x', not a finite number"),
    (header + "r,c,-1,0,1\n", "2:5: block is '-1', not a whole number from 0 to 2^40"),
    (header + "r,c,0,0.5,1\n", "2:7: sample is '0.5', not a whole number from 0 to 2^40"),
    (
      header + "r,c,9223372036854775807,0,1\n",
      "2:5: block is '9223372036854775807', not a whole number from 0 to 2^40"
    ),
    (header + "r,c,0,1,1\nr,c,0,1,1\n", "3:7: sample 1 after 1: those of a block must rise"),
    (
      header + "r,c,0,0,1\nr,d,0,0,1\nr,c,0,1,1\n",
      "4:1: block 0 of 'c' comes again: the lines of a block must stand together"
    ),
    (header + "r,c,0,0,1\nq,c,1,0,1\n", "3:1: a second run, 'q', after 'r': give each run a file of its own"),
    (header + "r,c,0,0,1\nr,c,0,1,\"2", "3:9: a quote that is not closed"),
    (header + "r,c,0,0,1\nr,c,0", "3:5: 3 fields, but the header names 5: 'sample' is missing"),
    ("schema,case\n", "1:1: not a summary of schema 1 or 2 or 3: the column 'run_id' is missing"),
    ("run_id,case,block,round\n", "1:1: not a blocks.csv: the column 'position' is missing"),
  ])
  func badInputSaysWhere(text: String, message: String) throws {
    let path = try file("x.csv", text)
    let failure = #expect(throws: CSVFailure.self) { try Recording(path, depth: .samples) }
    #expect(failure?.description == "\(path):\(message)")
  }

  @Test func oddInputHasADefinedAnswer() throws {
    let only = try Recording(file("h.csv", Self.header), depth: .samples)
    #expect(only.findings.first?.what.contains("no case in it") == true)
    #expect(try only.recomputed(baseline: nil).isEmpty)
    let text =
      Self.header.replacingLast("value", by: "value,note") + "r,c,0,0,-5,x\nr,c,0,1,,\nr,c,0,2,1e300,"
    let odd = try Recording(file("o.csv", text), depth: .samples)
    #expect(odd.findings.count == 3, "\(odd.findings)")
    let figures = try #require(try odd.recomputed(baseline: nil).first).figures
    #expect(figures.samples == 2 && figures.minimum == -5 && figures.maximum == 1e300)
    #expect(figures.blocks == 1 && figures.medianInterval == nil)
    let constant = try Recording(
      file("c.csv", Self.header + (0..<8).map { "r,c,\($0),0,7\n" }.joined()), depth: .samples)
    let same = try #require(try constant.recomputed(baseline: nil).first).figures
    #expect(same.p99 == 7 && same.standardDeviation == 0 && same.medianInterval == Interval(low: 7, high: 7))
  }

  @Test func whatIsNoRunIsRefused() throws {
    mkdir(scratch("empty"), 0o777)
    let folder = #expect(throws: SinkFailure.self) { try Recording(scratch("empty"), depth: .blocks) }
    #expect(folder?.description == "\(scratch("empty")): no run in this directory (summary.csv is missing)")
    _ = try makeRun("run", samples: true)
    unlink(scratch("run/blocks.csv"))
    #expect(throws: SinkFailure.self) { try Recording(scratch("run"), depth: .samples) }
    #expect(try Recording(scratch("run"), depth: .blocks).comparedRun().cases.count == 3)
    let missing = #expect(throws: SinkFailure.self) { try Recording(scratch("none"), depth: .blocks) }
    #expect(missing?.description.hasPrefix(scratch("none: ")) == true)
  }

  @Test func aBlockTwiceIsRefused() throws {
    _ = try makeRun("run", samples: false)
    let text = try Scratch.text(scratch("run/blocks.csv"))
    let line = text.split(separator: "\n")[3]
    let path = try file("b.csv", text + line + "\n")
    let failure = #expect(throws: CSVFailure.self) { try Recording(path, depth: .blocks) }
    #expect(failure?.line == 26 && failure?.message.hasSuffix("for the second time") == true)
  }

  @Test func comparisonsRestOnTheBestThatIsThere() throws {
    _ = try makeRun("run", samples: true)
    for name in ["run", "run/blocks.csv", "run/samples.csv", "run/summary.csv"] {
      let cases = try Recording(scratch(name), depth: .blocks).comparedRun().cases
      let arm = try #require(cases.first { $0.key == Made.point(.memfdSecret).key })
      switch arm.evidence {
      case .blocks(let series): #expect(series.medians.count == (name == "run/samples.csv" ? 12 : 10))
      case .summary(let p50, let interval):
        #expect(name == "run/summary.csv" && interval.low < p50 && p50 < interval.high)
      case .none(let reason): Issue.record("\(name): \(reason)")
      }
      #expect((arm.traits[.clock] == "tsc") == (name == "run"))
      #expect((arm.traits[.kernel] == "6.18.44") == ["run", "run/summary.csv"].contains(name))
    }
    let failed = try Recording(scratch("run"), depth: .blocks).comparedRun().cases[2]
    if case .none(let reason) = failed.evidence {
      #expect(reason == "failed")
    } else {
      Issue.record()
    }
  }

  @Test func recordsGoAcrossTheBuffersEnd() throws {
    let cell = String(repeating: "x\n\"\"", count: 50)
    let count = 3 * LineReader.capacity / cell.utf8.count
    let text = "a,b\n" + (0..<count).map { "\($0),\"\(cell)\"\n" }.joined()
    let rows = try CSVReader.rows(of: Array(text.utf8), file: "f")
    #expect(rows.count == count && rows.enumerated().allSatisfy { $1["a"] == "\($0)" })
    #expect(Set(rows.map { $0["b"] }) == [cell.replacingDoubles])
    let long = "a,b\n1," + String(repeating: "x", count: LineReader.capacity) + "\n"
    let failure = #expect(throws: CSVFailure.self) { try CSVReader.rows(of: Array(long.utf8), file: "f") }
    #expect(failure?.description == "f:2:1: more than 1048576 bytes and no end of a record")
  }
}

extension String {
  fileprivate func replacingLast(_ part: String, by other: String) -> String {
    split(separator: ",", omittingEmptySubsequences: false).map {
      $0.hasPrefix(part) ? other + "\n" : String($0)
    }
    .joined(separator: ",")
  }

  fileprivate var replacingDoubles: String { String(repeating: "x\n\"", count: count / 4) }
}
