// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Records
import Reports

extension RecordedFile: ExpressibleByArgument {}

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Every column of the files that a run writes: its unit, what it says and when it is empty.")

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, csv, markdown
  }

  @Option(help: ArgumentHelp("Of one file alone.", valueName: "file"))
  var file: RecordedFile?

  @Option(help: ArgumentHelp("text, csv for a program, or markdown for docs/csv.md.", valueName: "format"))
  var format = Format.text

  func run() throws {
    let files = file.map { [$0] } ?? RecordedFile.allCases
    switch format {
    case .text: try write(SchemaReport.render(files, color: usesColor(.standardOutput)))
    case .csv: try SchemaCSV.write(files, to: .standardOutput)
    case .markdown: try write(SchemaReport.markdown(files))
    }
  }
}
