// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Records
import Reports

extension ChartKind: ExpressibleByArgument {}

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "A chart of a run, as an SVG file.",
    discussion: """
      overview: the ratio of every arm to its baseline. blocks: the medians of blocks in order of time. ecdf: the \
      distribution of each arm. scaling, threads and batch: cost against CPUs online, threads and pages a call. \
      bystanders: time taken from other CPUs. nodes: the median by pair of nodes. A chart of which the run has nothing \
      says so.
      """)

  @Argument(help: ArgumentHelp("A run folder, or its summary.csv (which has no blocks).", valueName: "run"))
  var recorded: String

  @Option(help: ArgumentHelp("What is shown.", valueName: "kind"))
  var kind: ChartKind

  @Option(
    help: ArgumentHelp(
      "Of these operations alone, comma-separated (fault-in/touch, or touch, or fault-in).", valueName: "list"
    ))
  var operation: CommaSeparated<String>?

  @Option(help: ArgumentHelp("Where it goes (- for standard output).", valueName: "file"))
  var output = "-"

  func run() throws {
    let recording = try Recording(recorded, depth: .everyBlock)
    try write(
      Warnings.render(recording.findings, color: usesColor(.standardError)), to: .standardError)
    let run = try ChartRun(recording)
    let shown: ChartRun
    do throws(UnknownOperation) { shown = try run.only(operation?.values ?? []) } catch {
      throw ValidationError("--operation: \(error)")
    }
    try Destination(output).write([UInt8](kind.svg(shown).utf8))
  }
}
