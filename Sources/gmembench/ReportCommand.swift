// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Records
import Reports

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Runs as one HTML page with charts, in a single file.",
    discussion: """
      Machine and method, the answer in sentences, the overview, then each operation with its charts and its rows, \
      and the whole summary. Several runs stand one after the other. The page has no script and loads nothing.
      """)

  @Argument(help: ArgumentHelp("Run folders, or their summary.csv (which have no blocks).", valueName: "run"))
  var recorded: [String]

  @Option(help: ArgumentHelp("Where the page goes (- for standard output).", valueName: "file"))
  var output: String

  func run() throws {
    let recordings = try recorded.map { try Recording($0, depth: .everyBlock) }
    try write(
      Warnings.render(recordings.flatMap(\.findings), color: usesColor(.standardError)), to: .standardError)
    let page = try HTMLReport.render(try recordings.map { try ChartRun($0) }, version: Gmembench.version)
    try Destination(output).write([UInt8](page.utf8))
  }
}
