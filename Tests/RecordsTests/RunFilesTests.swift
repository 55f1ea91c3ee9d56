// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage
import Testing

@testable import Records

@Suite struct RunFilesTests {
  @Test func blocksSurviveWithoutFinish() throws {
    let scratch = Scratch()
    let directory = scratch("run")
    let files = try RunFiles(context: Made.context, directory: directory, samplesInDirectory: true)
    #expect(
      Scratch.names(in: directory) == [
        "blocks.csv", "distributions.csv", "run.json", "samples.csv", "summary.csv",
      ])
    #expect(try RunJSON(bytes: Files.read("\(directory)/run.json")).status == "partial")
    for number in 0..<3 { try files.record(Made.block(number)) }
    let rows = try CSVReader.rows(of: Files.read("\(directory)/blocks.csv"), file: "b")
    #expect(rows.map { $0["block"] } == ["0", "1", "2"])
    #expect(try CSVReader.rows(of: Files.read("\(directory)/samples.csv"), file: "s").count == 12)
    #expect(try SummaryCSV.read("\(directory)/summary.csv").isEmpty)
    withExtendedLifetime(files) {}
  }

  @Test func publicationReplacesAndLeavesNoTemporaryFile() throws {
    let scratch = Scratch()
    let files = try RunFiles(
      context: Made.context, summary: Destination(scratch("s.csv")), json: Destination(scratch("r.json")),
      directory: scratch("run"))
    #expect(scratch.names == ["run"])
    var report = Made.report()
    try files.publish(report)
    #expect(try SummaryCSV.read(scratch("s.csv")).count == 1)
    report.summaries.append(Made.summary(.anonymous))
    report.isComplete = true
    report.elapsed = 12.5
    report.state = [log(9000), nil, log(120)]
    try files.finish(report)
    #expect(scratch.names == ["r.json", "run", "s.csv"])
    #expect(
      Scratch.names(in: scratch("run")) == ["blocks.csv", "distributions.csv", "run.json", "summary.csv"])
    #expect(try SummaryCSV.read(scratch("s.csv")).count == 2)
    #expect(try Files.read(scratch("s.csv")) == Files.read(scratch("run/summary.csv")))
    let run = try RunJSON(bytes: Files.read(scratch("r.json")))
    #expect(run == RunJSON(report))
    #expect(run.status == "complete" && run.elapsedSeconds == 12.5)
    #expect(
      zip(run.state?.probes.logarithms ?? [], report.state).allSatisfy {
        $0 == nil ? $1 == nil : abs($0! - $1!) < 1e-9
      })
    #expect(RunJSON(Made.report()).state == nil)
  }

  @Test func jsonHasSnakeCaseAndNull() throws {
    let text = String(decoding: try RunJSON(Made.report()).bytes(), as: UTF8.self)
    for part in [
      "\"run_id\" : \"20261124T120000Z-7\"", "\"machine_key\" : \"amd-epyc", "\"memory_gib\" : 24",
      "\"spec_store_bypass\" : \"Vulnerable\"", "\"high\" : null", "\"schema\" : 3", "\"held_cpus\" : \"1\"",
      "\"case\" : \"fault-in/touch/memfd_secret/", "\"page_overhead\" : 9.5", "\"invalid_blocks\" : 0",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(text.hasSuffix("}\n"))
  }

  private func refusal(_ body: () throws -> RunFiles) -> String {
    do {
      _ = try body()
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test func badPlacesAreRefusedBeforeMeasuring() throws {
    let scratch = Scratch()
    let context = Made.context
    let missing = refusal { try RunFiles(context: context, directory: scratch("no/run")) }
    #expect(missing.hasPrefix(scratch("no/run")) && missing.contains("create the directory \(scratch("no"))"))
    let refused = refusal { try RunFiles(context: context, directory: "/proc/gmembench") }
    #expect(refused.hasPrefix("/proc/gmembench: "))
    let csv = refusal { try RunFiles(context: context, summary: .file(scratch("no/s.csv"))) }
    #expect(csv.hasPrefix(scratch("no/s.csv: ")), "\(csv)")
    let samples = refusal { try RunFiles(context: context, samples: .file(scratch("no/x.csv"))) }
    #expect(samples.hasPrefix(scratch("no/x.csv: ")), "\(samples)")
    let folder = refusal { try RunFiles(context: context, json: .file(scratch.path)) }
    #expect(folder.contains("not a directory") && folder.hasPrefix(scratch.path), "\(folder)")
    let doubled = refusal { try RunFiles(context: context, summary: .standardOutput, json: .standardOutput) }
    #expect(doubled.hasPrefix("standard output"))
    #expect(scratch.names.isEmpty)
    _ = try RunFiles(context: context, directory: scratch("run"))
    let again = refusal { try RunFiles(context: context, directory: scratch("run")) }
    #expect(again.contains("already holds a run") && again.contains("--output"))
    let inTheWay = refusal { try RunFiles(context: context, directory: scratch("run/run.json")) }
    #expect(inTheWay.contains("a file stands there"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may write to a read-only directory"))
  func readOnlyDirectoryIsRefused() throws {
    let scratch = Scratch()
    mkdir(scratch("locked"), 0o555)
    let refused = refusal { try RunFiles(context: Made.context, directory: scratch("locked/run")) }
    #expect(refused.contains("choose a place that you may write to"))
  }

  @Test func nothingIsLeftWhereAFileIsRefused() throws {
    let scratch = Scratch()
    mkdir(scratch("run"), 0o777)
    mkdir(scratch("run/summary.csv"), 0o777)
    let refused = refusal { try RunFiles(context: Made.context, directory: scratch("run")) }
    #expect(refused.contains("summary.csv"))
    #expect(Scratch.names(in: scratch("run")) == ["summary.csv"])
    rmdir(scratch("run/summary.csv"))
  }

  @Test func fullDiskIsAFailure() throws {
    let full = "/dev/full"
    let samples = #expect(throws: SinkFailure.self) {
      try RunFiles(context: Made.context, samples: .file(full))
    }
    #expect(samples?.description.hasPrefix("/dev/full: No space left on device") == true)
    let files = try RunFiles(context: Made.context, summary: .file(full))
    try files.publish(Made.report())
    let failure = #expect(throws: SinkFailure.self) { try files.finish(Made.report()) }
    #expect(failure?.description.contains("/dev/full") == true)
    #expect(failure?.description.contains("free some space") == true)
  }

  /// Takes half of the text, as a disk does that fills up.
  private static func writeHalf(_ bytes: [UInt8], to file: FileDescriptor, path: String) throws(SinkFailure) {
    try Files.write(Array(bytes.prefix(bytes.count / 2)), to: file, path: path)
    throw Files.failure(path, .noSpace)
  }

  @Test func halfALineIsTakenBack() throws {
    let scratch = Scratch()
    var isFull = false
    let file = try AppendedFile(path: scratch("b.csv"), header: BlocksCSV.header) {
      (bytes, descriptor, path) throws(SinkFailure) in
      try isFull
        ? Self.writeHalf(bytes, to: descriptor, path: path) : Files.write(bytes, to: descriptor, path: path)
    }
    try file.append(BlocksCSV.bytes(of: Made.block(0), runID: "r"))
    let before = try Files.read(scratch("b.csv"))
    isFull = true
    #expect(throws: SinkFailure.self) { try file.append(BlocksCSV.bytes(of: Made.block(1), runID: "r")) }
    #expect(try Files.read(scratch("b.csv")) == before)
    isFull = false
    try file.append(BlocksCSV.bytes(of: Made.block(2), runID: "r"))
    let rows = try CSVReader.rows(of: Files.read(scratch("b.csv")), file: "b")
    #expect(rows.map { $0["block"] } == ["0", "2"])
  }

  @Test func aFailedReplacementKeepsTheOldText() throws {
    let scratch = Scratch()
    let file = try #require(try ReplacedFile(scratch("s.csv")))
    try file.replace(with: Array("old\n".utf8))
    #expect(throws: SinkFailure.self) {
      try file.replace(with: Array("new\n".utf8), write: Self.writeHalf(_:to:path:))
    }
    #expect(try Scratch.text(scratch("s.csv")) == "old\n")
    #expect(scratch.names == ["s.csv"])
  }

  @Test func aPipeGetsTheSummaryOnceAndStandsAfterwards() throws {
    let scratch = Scratch()
    mkfifo(scratch("pipe"), 0o600)
    let reader = open(scratch("pipe"), O_RDONLY | O_NONBLOCK)
    let files = try RunFiles(context: Made.context, summary: .file(scratch("pipe")))
    try files.publish(Made.report())
    try files.publish(Made.report())
    try files.finish(Made.report())
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { $1 = read(reader, $0.baseAddress, $0.count) }
    #expect(bytes == SummaryCSV.bytes(of: Made.report()))
    #expect(scratch.names == ["pipe"])
    close(reader)
    signal(SIGPIPE, SIG_IGN)
    let failure = #expect(throws: SinkFailure.self) { try files.finish(Made.report()) }
    #expect(failure?.description.contains("Broken pipe") == true)
  }

  @Test func aLinkIsFollowed() throws {
    let scratch = Scratch()
    close(creat(scratch("real.csv"), 0o644))
    symlink("real.csv", scratch("link.csv"))
    let files = try RunFiles(context: Made.context, summary: .file(scratch("link.csv")))
    #expect(try Files.read(scratch("real.csv")).isEmpty)
    try files.finish(Made.report())
    #expect(try SummaryCSV.read(scratch("real.csv")).count == 1)
    #expect(scratch.names == ["link.csv", "real.csv"])
  }
}
