// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

private let reference = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Results/amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick-frames").standardized
  .path

@Suite("report and plot", .enabled(if: Program.path != nil, "the built gmembench"))
struct ReportCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test func aPageIsWrittenAsAWhole() throws {
    let page = folder.path("report.html")
    let outcome = try Program.run(["report", reference, reference, "--output", page])
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(text.hasPrefix("<!DOCTYPE html>") && text.hasSuffix("</html>\n"))
    // Nothing of where the run is kept.
    #expect(!text.contains(reference) && text.contains("quick-frames"))
    #expect(
      text.contains(/memfd_secret \(proxy\) takes ×[0-9.]+ \[[0-9.]+, [0-9.]+\] of what guest_memfd takes/))
  }

  @Test func aChartGoesToStandardOutputOrAFile() throws {
    let printed = try Program.run(["plot", reference, "--kind", "overview"])
    #expect(printed.status == 0 && printed.output.hasPrefix("<svg ") && printed.output.hasSuffix("</svg>\n"))
    let file = folder.path("overview.svg")
    let written = try Program.run(["plot", reference, "--kind", "overview", "--output", file])
    #expect(written.status == 0 && written.output.isEmpty)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == printed.output)
  }

  @Test func whatCannotBeDoneIsSaid() throws {
    let unknown = try Program.run(["plot", reference, "--kind", "ecdf", "--operation", "fault"])
    #expect(
      unknown.status == 64
        && unknown.errors.contains("no operation 'fault' in this run; there are: fault-in/touch"))
    #expect(try Program.run(["plot", reference, "--kind", "pie"]).status == 64)
    let blocks = try Program.run(["plot", "\(reference)/blocks.csv", "--kind", "blocks"])
    #expect(blocks.status == 1 && blocks.errors.contains("name a run's folder or its summary.csv"))
    let place = try Program.run(["report", reference, "--output", folder.path("no/such/report.html")])
    #expect(place.status == 1 && place.errors.contains("create the directory"))
  }

  @Test func aRunWithoutARowIsDrawn() throws {
    let header = try String(contentsOfFile: "\(reference)/summary.csv", encoding: .utf8).prefix { $0 != "\n" }
    let summary = folder.path("summary.csv")
    try "\(header)\n".write(toFile: summary, atomically: true, encoding: .utf8)
    let outcome = try Program.run(["report", summary, "--output", "-"])
    #expect(outcome.status == 0 && outcome.output.contains("There is nothing to show"), "\(outcome.errors)")
    #expect(outcome.errors.contains("no case in it"))
  }

  @Test func distributionsAreDrawnWhereTheRunHasThem() throws {
    let lines = try String(contentsOfFile: "\(reference)/summary.csv", encoding: .utf8).split(separator: "\n")
    let key = lines[1].split(separator: ",", omittingEmptySubsequences: false)[2]
    let run = lines[1].split(separator: ",", omittingEmptySubsequences: false)[1]
    try lines.prefix(2).joined(separator: "\n").appending("\n")
      .write(toFile: folder.path("summary.csv"), atomically: true, encoding: .utf8)
    let few = try Program.run(["plot", folder.url.path, "--kind", "ecdf"])
    #expect(few.output.contains("Straight lines join the quantiles"), "\(few.errors)")
    let header =
      "run_id,case,unit,samples,p0_1,p1,p5,p10,p25,p50,p75,p90,p95,p99,p99_9,p99_99,histogram"
    let line = "\(run),\(key),ns,4,10,10,10,10,10,20,30,40,40,40,40,40,10:10:1;20:20:1;30:30:1;40:40:1"
    try "\(header)\n\(line)\n".write(
      toFile: folder.path("distributions.csv"), atomically: true, encoding: .utf8)
    let fine = try Program.run(["plot", folder.url.path, "--kind", "ecdf"])
    #expect(fine.output.contains("p50 20.0 ns, p99 40.0 ns, max 40.0 ns"), "\(fine.errors)")
    #expect(!fine.output.contains("Straight lines"))
  }
}
