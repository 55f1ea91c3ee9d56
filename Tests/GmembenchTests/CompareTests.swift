// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The reference run that comes with the repository, from before there were passes.
private let reference = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Results/amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick").standardized.path
private let referenceID = "20261125T090313Z-1"

@Suite("compare with several runs a side", .enabled(if: Program.path != nil, "the built gmembench"))
struct CompareTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  /// The reference run as another one.
  ///
  /// - Parameters:
  ///   - factor: of the values of a case.
  ///   - context: texts of run.json to replace.
  private func copy(
    _ number: Int, of key: String = "", factor: Double = 1, _ context: [String: String] = [:]
  ) throws -> String {
    let target = folder.path("run-\(number)")
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
    let id = "20261125T1003\(10 + number)Z-\(number)"
    for name in ["summary.csv", "blocks.csv", "run.json"] {
      var text = try String(contentsOfFile: "\(reference)/\(name)", encoding: .utf8)
        .replacingOccurrences(of: referenceID, with: id)
        .replacingOccurrences(of: "2026-11-25T09:03:13Z", with: "2026-11-25T10:03:\(10 + number)Z")
      if name == "blocks.csv", factor != 1 { text = scaled(text, key, factor) }
      if name == "run.json" {
        for (old, new) in context { text = text.replacingOccurrences(of: old, with: new) }
      }
      try text.write(toFile: "\(target)/\(name)", atomically: true, encoding: .utf8)
    }
    return target
  }

  /// Median and mean of one case's blocks, times a factor.
  private func scaled(_ blocks: String, _ key: String, _ factor: Double) -> String {
    blocks.split(separator: "\n").map { line in
      var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard fields[1].hasPrefix(key) else { return String(line) }
      for column in 7...10 {
        fields[column] = Double(fields[column]).map { "\($0 * factor)" } ?? fields[column]
      }
      return fields.joined(separator: ",")
    }.joined(separator: "\n") + "\n"
  }

  private let secret =
    "fault-in/touch/memfd_secret/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=0/others=spin"

  @Test(arguments: [
    (["a", "b", "c"], "--against"), (["a", "--against"], "--against"),
    (["--against", "a"], "no run to compare with"),
    ([], "OLD and NEW"), (["a"], "OLD and NEW"),
  ])
  func aSideWithoutARunIsBadUsage(arguments: [String], message: String) throws {
    let outcome = try Program.run(["compare"] + arguments)
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test func severalRunsASideFindWhatChanged() throws {
    let old = try [copy(1), copy(2)]
    let new = try [copy(3, of: secret, factor: 1.3), copy(4, of: secret, factor: 1.3)]
    let outcome = try Program.run(["compare"] + old + ["--against"] + new)
    #expect(outcome.status == 2, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("81 cases compared: 1 slower, 0 faster"))
    #expect(outcome.output.contains("slower: \(secret)\n  ×1.30 ["))
    // With options between the lists, and one run on a side.
    let fewer = try Program.run(
      ["compare", old[0], "--against"] + new + ["--threshold", "5%", "--judge", "value"])
    #expect(fewer.status == 2 && fewer.output.contains("slower: \(secret)"), "\(fewer.output)")
    let one = try Program.run(["compare", old[0], new[0]])
    #expect(one.status == 2 && one.output.contains("81 cases compared: 1 slower, 0 faster"))
    #expect(
      one.errors.contains(
        "\(old[0]) has no passes: its interval is taken from stretches of its rounds, and is wider"))
  }

  @Test func aRunCountsOnceOnASide() throws {
    let run = try copy(1)
    let twice = try Program.run(["compare", reference, "\(reference)/", "--against", run])
    #expect(twice.status == 64 && twice.output.isEmpty)
    #expect(twice.errors.contains("are both run '\(referenceID)'"), "\(twice.errors)")
    let both = try Program.run(["compare", reference, run, "--against", reference])
    #expect(
      both.status == 0 && both.errors.contains("run '\(referenceID)' is on both sides"), "\(both.errors)")
  }

  @Test func whatDiffersBetweenRunsIsSaid() throws {
    let other = try copy(
      1,
      [
        "\"plan\" : \"quick\"": "\"plan\" : \"full\"",
        "\"status\" : \"complete\"": "\"status\" : \"partial\"",
        "\"version\" : \"0.1.0\"": "\"version\" : \"9.9\"",
      ])
    let outcome = try Program.run(["compare", reference, other])
    #expect(outcome.status == 0)
    for words in [
      "\(other) was cut short", "the plan differs: quick in OLD, full in NEW",
      "the version of gmembench differs: 0.1.0 in OLD, 9.9 in NEW",
    ] {
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
  }

  @Test func earlierRunsTellOfValues() throws {
    let earlier = try (1...6).map { try copy($0) }
    let database = folder.path("history.sqlite")
    #expect(try Program.run(["history", "add"] + earlier + ["--database", database]).status == 0)
    let new = try copy(7, of: secret, factor: 1.3)
    let arguments = ["compare", reference, new, "--judge", "value"]
    #expect(try Program.run(arguments).status == 3)
    let told = try Program.run(arguments + ["--database", database])
    #expect(told.status == 2 && told.output.contains("slower: \(secret)"), "\(told.output)\(told.errors)")
    let absent = try Program.run(arguments + ["--database", folder.path("none.sqlite")])
    #expect(absent.status == 1 && absent.output.isEmpty && absent.errors.contains("no such database"))
  }
}

/// Time enough for two passes, which an interval takes, beside other suites.
private let tiny = [
  "--benchmark", "fault-in", "--operation", "touch", "--backing", "memfd,anonymous", "--others", "idle",
  "--size",
  "256KiB", "--budget", "10s",
]

@Suite("selfcheck --between", .serialized, .enabled(if: Program.path != nil, "the built gmembench"))
struct SelfcheckBetweenTests {
  @Test(arguments: [
    ["--runs", "4"], ["--between", "--runs", "1"], ["--between", "--comparisons", "30"],
    ["--between", "--inject", "5%"], ["--between", "--runs", "x"],
  ])
  func badUsageIs64(arguments: [String]) throws {
    let outcome = try Program.run(["selfcheck"] + arguments)
    #expect(outcome.status == 64 && outcome.output.isEmpty && !outcome.errors.isEmpty)
  }

  @Test func wholeRunsAreComparedWithTheNext() throws {
    let folder = try Folder()
    let outcome = try Program.run(
      ["selfcheck", "--between", "--runs=2", "--seed", "5", "--output", folder.path("runs")] + tiny)
    #expect(outcome.status == 0 || outcome.status == 1, "\(outcome.output)\(outcome.errors)")
    #expect(
      outcome.output.hasPrefix("2 runs of the selection from plan quick, each compared with the next: "))
    #expect(outcome.output.contains("1 comparison, ") && outcome.output.contains("seeds from 5\n"))
    for (number, seed) in [(1, 5), (2, 6)] {
      let run = try String(contentsOfFile: folder.path("runs/run-\(number)/run.json"), encoding: .utf8)
      #expect(run.contains("\"seed\" : \(seed)"))
    }
    let again = try Program.run(["selfcheck", "--between", "--output", folder.path("runs")] + tiny)
    #expect(again.status == 1 && again.errors.contains("name a new folder"))
  }

  @Test func anInterruptionLeavesNothing() throws {
    let before = try left()
    let outcome = try Program.run(
      ["selfcheck", "--between", "--precision", "0.0001%"] + tiny.dropLast() + ["20s"], signalAfter: 3)
    #expect(outcome.status == 130 && outcome.output.isEmpty, "\(outcome.errors)")
    #expect(try left().subtracting(before).isEmpty)
  }

  private func left() throws -> Set<String> {
    Set(
      try FileManager.default.contentsOfDirectory(atPath: FileManager.default.temporaryDirectory.path)
        .filter { $0.hasPrefix("gmembench-between-") })
  }
}
