// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The reference run that comes with the repository.
private let reference = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Results/amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick").standardized.path

@Suite("compare and summarize", .enabled(if: Program.path != nil, "the built gmembench"))
struct RecordedRunTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func file(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
    return folder.path(name)
  }

  /// Ten blocks of three samples, around a value.
  private func samples(_ name: String, _ value: Double, key: String = "a case") throws -> String {
    let lines = (0..<10).flatMap { block in
      (0..<3).map { "\(name),\(key),\(block),\($0),\(value + Double(block % 3))\n" }
    }
    return try file(name, "run_id,case,block,sample,value\n" + lines.joined())
  }

  @Test func theStatusTellsARegression() throws {
    let old = try ["old", "old2"].map { try samples($0, 1000) }
    let new = try ["new", "new2"].map { try samples($0, 1200) }
    let slower = try Program.run(["compare"] + old + ["--against"] + new)
    #expect(slower.status == 2 && slower.output.contains("slower: a case"), "\(slower.errors)")
    #expect(try Program.run(["compare"] + new + ["--against"] + old).status == 0)
    #expect(try Program.run(["compare"] + old + ["--against"] + new + ["--threshold", "25%"]).status == 0)
    // One run a side does not tell how much the machine differs between runs.
    let one = try Program.run(["compare", old[0], new[0]])
    #expect(one.status == 3 && one.output.contains("several runs a side, or --database"), "\(one.output)")
    let none = try Program.run(["compare", old[0], samples("other", 1000, key: "another")])
    #expect(none.status == 3 && none.output.contains("only in OLD") && none.output.contains("only in NEW"))
  }

  @Test func aRunAgainstItselfShowsNothingAndSaysSo() throws {
    let outcome = try Program.run(["compare", reference, reference])
    #expect(outcome.status == 0 && outcome.errors.contains("compared with itself"))
    #expect(outcome.output.contains("81 cases compared: 0 slower, 0 faster"))
    #expect(
      outcome.output.contains("cases): both: unsupported: this kernel has no GUEST_MEMFD_FLAG_NO_DIRECT_MAP"))
    let weak = try Program.run(["compare", "\(reference)/summary.csv", reference])
    #expect(weak.status == 0 && weak.errors.contains("81 cases compared by summaries alone"))
  }

  @Test func twoUnitsAreRefused() throws {
    let path = "\(reference)/summary.csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let other = try file(
      "summary.csv", text.replacingOccurrences(of: ",chained stamps,ns,", with: ",x,instructions,"))
    let outcome = try Program.run(["compare", path, other])
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(
      outcome.errors.contains("fault-in/touch/anonymous/pages=512") && outcome.errors.contains("instructions")
    )
  }

  @Test(arguments: [
    ("", ":1:1: the file is empty"),
    ("run_id,case,block,sample,value\nr,c,0,0,nan\n", ":2:9: value is 'nan'"),
    ("run_id,case,block,sample,value\nr,c,0,0", ":2:7: 4 fields"), ("\u{0}\u{1}", ":1:1: neither"),
  ])
  func badInputIs1WithItsPlace(text: String, message: String) throws {
    let bad = try file("bad.csv", text)
    for arguments in [["compare", bad, reference], ["compare", reference, bad], ["summarize", bad]] {
      let outcome = try Program.run(arguments)
      #expect(outcome.status == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("\(bad)\(message)"), "\(outcome.errors)")
    }
  }

  @Test(arguments: [
    ["compare"], ["compare", "x"], ["compare", "x", "y", "--threshold", "0"], ["summarize"],
    ["compare", "x", "y", "--across", "moon"],
    ["summarize", reference, "--baseline", "nonsense"],
  ])
  func badUsageIs64(arguments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome.errors)")
  }

  @Test(arguments: [
    ["compare", "/nonexistent", reference], ["summarize", "/"], ["summarize", "/nonexistent"],
  ])
  func whatIsNotThereIs1(arguments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
  }

  @Test func aRunIsSummarisedAsItsOwnSummary() throws {
    let run = folder.path("run")
    let measured = try Program.run([
      "--benchmark", "fault-in", "--operation", "touch", "--backing", "memfd,anonymous", "--budget", "2s",
      "--output", run, "--samples", "\(run)/samples.csv",
    ])
    #expect(measured.status == 0, "\(measured.errors)")
    let again = try Program.run(["summarize", run, "--csv", "-"])
    #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
    #expect(again.output == (try String(contentsOfFile: "\(run)/summary.csv", encoding: .utf8)))
    let bare = try Program.run(["summarize", "\(run)/samples.csv", "--csv", folder.path("s.csv")])
    #expect(bare.status == 0 && bare.errors.contains("gmembench summarize \(run)"))
    #expect(bare.output.contains("fault-in touch"))
    #expect(try Program.run(["compare", folder.path("s.csv"), run]).status != 1)
  }

  @Test func blocksSayWhatTheyCannotGive() throws {
    let outcome = try Program.run(["summarize", reference])
    #expect(outcome.status == 0 && outcome.errors.contains("no samples.csv"))
    let rows = try String(contentsOfFile: "\(reference)/summary.csv", encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let row = try #require(rows.first { $0[2].hasPrefix("fault-in/touch/memfd_secret/") })
    let ratio = try #require(rows[0].firstIndex(of: "ratio").flatMap { Double(row[$0]) })
    // Recorded before there were passes, by another estimate of the same blocks.
    let line = try #require(
      outcome.output.split(separator: "\n").first { $0.contains("memfd_secret") && $0.contains(" [") })
    let again = try #require(line.split(separator: "×").last.flatMap { Double($0.prefix { $0 != " " }) })
    #expect(abs(again / ratio - 1) < 0.05, "\(line)")
  }
}
