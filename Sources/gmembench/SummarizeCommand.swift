// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Model
import Records
import Reports
import SystemPackage

struct SummarizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summarize",
    abstract: "The summary again, from the raw values alone, by the same code as a run.",
    discussion: """
      From a run folder: samples.csv where it is there, else the blocks; rounds, statuses and baselines are the \
      run's. From a samples.csv alone, its own or from elsewhere (run_id, case, block, sample, value; case is any \
      text): all blocks count, and effects are unpaired.
      """)

  @Argument(help: "A run folder, or a samples.csv.")
  var recorded: String

  @Option(help: ArgumentHelp("Compare all cases with this one.", valueName: "case"))
  var baseline: String?

  @Option(help: ArgumentHelp("Write the summary as CSV (- for standard output).", valueName: "file"))
  var csv: String?

  func run() throws {
    let recording = try Recording(recorded, depth: .samples)
    guard [.folder, .samples].contains(recording.form) else {
      throw Refusal.failed("\(recorded): no samples; name a run's folder or a samples.csv")
    }
    let rows: [RecomputedRow]
    do throws(UnknownCase) { rows = try recording.recomputed(baseline: baseline) } catch {
      throw ValidationError("--baseline: \(error)")
    }
    try write(
      Warnings.render(recording.findings + recording.limits, color: usesColor(.standardError)),
      to: .standardError)
    if let csv { try SummaryCSV.write(rows, to: Destination(csv)) }
    if csv != "-" { try write(RecomputedTable.render(rows, color: usesColor(.standardOutput))) }
    if rows.allSatisfy({ $0.figures.blocks == 0 }) { throw ExitCode.nothingMeasured }
  }
}
