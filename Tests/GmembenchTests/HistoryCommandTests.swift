// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

private let results = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Results").standardized.path
private let reference = "\(results)/amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick"

@Suite("history", .enabled(if: Program.path != nil, "the built gmembench"))
struct HistoryCommandTests {
  private let folder: Folder
  private let header: [Substring]
  private let rows: [[Substring]]

  init() throws {
    folder = try Folder()
    // No field of the columns used here is quoted, and they come before those that may be.
    let lines = try String(contentsOfFile: "\(reference)/summary.csv", encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    header = try #require(lines.first)
    rows = Array(lines.dropFirst())
  }

  /// A field of the reference run's row of a case; of its first row without one.
  private func field(_ column: String, of key: String? = nil) throws -> String {
    let index = try #require(header.firstIndex { $0 == column })
    return String(try #require(rows.first { key == nil || $0.contains { $0 == key ?? "" } })[index])
  }

  private func history(_ arguments: String..., wrapper: [String] = []) throws -> Program.Outcome {
    try Program.run(
      ["history"] + arguments + ["--database", folder.path("history.sqlite")], wrapper: wrapper)
  }

  /// The reference run on other nights, its blocks left out.
  private func makeNights(_ nights: ClosedRange<Int>) throws {
    let text = try String(contentsOfFile: "\(reference)/summary.csv", encoding: .utf8)
    let (id, start) = (try field("run_id"), try field("started_at"))
    for night in nights {
      let run = folder.path("runs/night-\(night)")
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      try text.replacingOccurrences(of: id, with: "night-\(night)")
        .replacingOccurrences(of: start, with: "2026-01-\(night)T01:37:19Z")
        .write(toFile: "\(run)/summary.csv", atomically: true, encoding: .utf8)
    }
  }

  @Test func runsAreAddedListedShownAndExported() throws {
    let added = try history("add", reference)
    #expect(
      added.status == 0 && added.output.contains("\(rows.count) cases")
        && added.output.contains("; \(rows.count) new series"), "\(added.errors)")
    let list = try history("list", "--benchmark", "fault-in,free", "--backing", "memfd_secret")
    #expect(list.status == 0 && list.output.contains("fault-in touch") && !list.output.contains("tlb-flush"))
    let key =
      "fault-in/touch/memfd_secret/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=0/others=spin"
    let (ratio, blocks) = (try field("ratio", of: key), try field("blocks", of: key))
    for parts in [[key], ["fault-in", "touch", "memfd_secret", "others=spin", "ns"]] {
      let show = try Program.run(
        ["history", "show"] + parts + ["--database", folder.path("history.sqlite")])
      #expect(show.status == 0 && show.output.contains("×\(ratio.prefix(3))"), "\(show.errors)")
      #expect(show.output.contains("•") && show.output.contains("Linux 6.18.44-fc-v669"))
    }
    let ambiguous = try history("show", "memfd_secret")
    #expect(ambiguous.status == 1 && ambiguous.output.isEmpty && ambiguous.errors.contains("could be"))
    let export = try history("export", key)
    #expect(export.status == 0 && export.output.split(separator: "\n").count == 2)
    #expect(export.output.contains(",ok,,\(blocks),"), "\(export.output)")
    let imported = try history("import", results)
    #expect(imported.status == 0 && imported.output.hasSuffix(" added, 1 there already, 0 refused\n"))
    // The same case with a state in its key is another series: the shorter words could be either.
    #expect(
      try history("show", "fault-in", "touch", "memfd_secret", "others=spin", "pages=512", "ns").status == 1)
    #expect(try history("show", key).status == 0)
    #expect(try history("list", "nonsense").status == 3)
  }

  /// Nights of the reference run with a regression of the proxy's touch in the later ones, and another kernel then.
  private func makeRegression(nights: Int, since first: Int) throws {
    let context = try String(contentsOfFile: "\(reference)/run.json", encoding: .utf8)
    let (id, start, kernel) = (try field("run_id"), try field("started_at"), try field("kernel_release"))
    let places = try ["p50", "p50_low", "p50_high", "ratio", "ratio_low", "ratio_high"].map { column in
      try #require(header.firstIndex { $0 == column })
    }
    for night in 0..<nights {
      let run = folder.path("runs/night-\(night)")
      try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
      func dated(_ text: String) -> String {
        text.replacingOccurrences(of: id, with: "night-\(night)")
          .replacingOccurrences(of: start, with: "2026-03-\(10 + night)T02:00:00Z")
          .replacingOccurrences(of: kernel, with: night < first ? "6.18.1" : "6.18.2")
      }
      let lines = rows.filter { $0.contains { $0.hasPrefix("fault-in/touch/") } }.map { row in
        var row = row.map(String.init)
        // Nights that are not all alike, and in the later ones a tenth more of the proxy.
        let isSlow = night >= first && row.contains("memfd_secret")
        for place in places {
          if let value = Double(row[place]) {
            row[place] = "\(value * (isSlow ? 1.1 : 1) * (1 + 0.001 * Double(night % 3)))"
          }
        }
        return row.joined(separator: ",")
      }
      try dated(([header.joined(separator: ",")] + lines).joined(separator: "\n") + "\n")
        .write(toFile: "\(run)/summary.csv", atomically: true, encoding: .utf8)
      try dated(context).write(toFile: "\(run)/run.json", atomically: true, encoding: .utf8)
    }
  }

  @Test func aRegressionIs2UntilItIsAcknowledged() throws {
    try makeRegression(nights: 18, since: 9)
    #expect(try history("import", folder.path("runs")).status == 0)
    let found = try history("check")
    #expect(found.status == 2 && found.output.contains("run night-9, after night-8"), "\(found.output)")
    #expect(found.output.contains("kernel 6.18.1 → 6.18.2"))
    #expect(found.output.contains("memfd_secret") && found.output.contains("2 regressions"))
    #expect(try history("check", "--backing", "memfd").status == 0)
    #expect(try history("acknowledge", "--run", "night-8").status == 3)
    let known = try history("acknowledge", "memfd_secret", "--note", "the new kernel")
    #expect(known.status == 0 && known.output.contains("the new kernel"))
    let quiet = try history("check")
    #expect(quiet.status == 0 && quiet.output.contains("no regression; 2 acknowledged"), "\(quiet.output)")
    #expect(try history("rebuild", folder.path("runs")).status == 0)
    #expect(try history("check").status == 0)
    #expect(try history("acknowledge", "--withdraw", "1").status == 0)
    #expect(try history("check").status == 2)
    #expect(try history("acknowledge", "--withdraw", "1").status == 1)
  }

  /// The second measurement is a stand-in's, whose figures are those of a night.
  @Test(arguments: [
    (night: 17, status: 2, words: "measured again"), (night: 0, status: 0, words: "did not bear out"),
  ])
  func suspectsAreMeasuredAgain(night: Int, status: Int32, words: String) throws {
    try makeRegression(nights: 18, since: 9)
    #expect(try history("import", folder.path("runs")).status == 0)
    let standIn = folder.path("stand-in")
    try """
    #!/bin/sh
    while [ "$1" != --output ]; do shift; done
    cp -r \(folder.path("runs/night-\(night)")) "$2"
    """.write(toFile: standIn, atomically: true, encoding: .utf8)
    let outcome = try history("check", "--confirm-with", "sh \(standIn)")
    #expect(outcome.status == status && outcome.output.contains(words), "\(outcome.output)\(outcome.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path("")).sorted() == [
        "history.sqlite", "runs", "stand-in",
      ])
    let failing = try history("check", "--confirm-with", "false")
    #expect(failing.status == 2 && failing.output.contains("not measured again"), "\(failing.output)")
  }

  /// By this program, on this machine: whatever it finds, it is a figure, or no machine of that key.
  @Test func thisProgramMeasuresAgain() throws {
    try makeRegression(nights: 18, since: 9)
    #expect(try history("import", folder.path("runs")).status == 0)
    let outcome = try history("check", "--confirm", "others=spin", "memfd_secret")
    let found = ["measured again: ×", "this is another machine", "has no figure of it"]
    #expect(found.contains { outcome.output.contains($0) }, "\(outcome.output)\(outcome.errors)")
  }

  @Test func whatCannotBeCheckedIsSaid() throws {
    #expect(try history("check").status == 1)
    try makeRegression(nights: 3, since: 9)
    #expect(try history("import", folder.path("runs")).status == 0)
    let few = try history("check")
    #expect(few.status == 0 && few.output.contains("too few nights"), "\(few.output)")
    #expect(try history("check", "nonsense").status == 3)
    for bad in [
      ["--window", "3"], ["--minimum-points", "1"], ["--minimum-magnitude", "2"], ["--significance", "0"],
    ] {
      #expect(try Program.run(["history", "check"] + bad).status == 64, "\(bad)")
    }
  }

  @Test func theDatabaseIsBesideTheRunsUnlessNamed() throws {
    try makeNights(10...11)
    let runs = folder.path("runs")
    #expect(try Program.run(["history", "add", "\(runs)/night-10", "\(runs)/night-11"]).status == 0)
    #expect(FileManager.default.fileExists(atPath: "\(runs)/history.sqlite"))
    #expect(try Program.run(["history", "rebuild", runs]).status == 0)
    let apart = try Program.run(["history", "add", "\(runs)/night-10", reference])
    #expect(apart.status == 64 && apart.errors.contains("--database"))
  }

  @Test func oneBadRunDoesNotKeepTheOthersOut() throws {
    try makeNights(10...12)
    try Data("not a summary".utf8).write(to: folder.url.appendingPathComponent("runs/night-11/summary.csv"))
    let outcome = try history(
      "add", folder.path("runs/night-11"), folder.path("runs/night-12"), folder.path("runs/night-10"))
    #expect(outcome.status == 1 && outcome.errors.contains("night-11/summary.csv:1:1: "), "\(outcome.errors)")
    #expect(outcome.output.hasSuffix("3 runs: 2 added, 0 there already, 1 refused\n"))
  }

  @Test func addsOfSeveralProcessesLoseNothing() throws {
    try makeNights(10...29)
    let place = folder.path("runs")
    // Half of the nights by each of two processes, and all of them by a third.
    let script = """
      "$0" history import \(place)/night-1? --database \(place)/h.sqlite & first=$!
      "$0" history import \(place)/night-2? --database \(place)/h.sqlite & second=$!
      "$0" history import \(place) --database \(place)/h.sqlite && wait $first && wait $second
      """
    let outcome = try Program.run([], wrapper: ["sh", "-c", script])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let export = try Program.run([
      "history", "export", "fault-in", "/touch/memfd/", "others=spin", "--database", "\(place)/h.sqlite",
    ])
    #expect(export.output.split(separator: "\n").count == 21, "\(export.output)\(export.errors)")
  }

  @Test(
    .enabled(
      if: (try? Program.run(["--version"], wrapper: ["unshare", "-rm"]).status) == 0,
      "unshare -rm, to mount a file system"
    ))
  func aFullDiskKeepsWhatWasThere() throws {
    // The reference run, with its blocks, does not fit beside the first night.
    let id = try field("run_id")
    try makeNights(10...10)
    let disk = folder.path("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    let outcome = try Program.run(
      [],
      wrapper: [
        "unshare", "-rm", "sh", "-c",
        """
        mount -t tmpfs -o size=320k tmpfs \(disk) || exit 99
        "$0" history add \(folder.path("runs/night-10")) --database \(disk)/h.sqlite || exit 98
        "$0" history add \(reference) --database \(disk)/h.sqlite && exit 97
        "$0" history export --database \(disk)/h.sqlite || exit 96
        """,
      ])
    #expect(
      outcome.status == 0 && outcome.errors.contains("no space left"), "\(outcome.status) \(outcome.errors)")
    #expect(outcome.output.contains(",night-10,") && !outcome.output.contains(",\(id),"))
  }

  @Test(arguments: [
    ["history", "add"], ["history", "show"], ["history", "rebuild"], ["history", "check-nothing"],
  ])
  func badUsageIs64(arguments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 64, "\(outcome.output)\(outcome.errors)")
  }
}
