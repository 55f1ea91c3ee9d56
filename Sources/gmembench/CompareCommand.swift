// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Experiment
import Records
import Reports
import SystemPackage

extension Comparison.Axis: ExpressibleByArgument {}
extension Comparison.Subject: ExpressibleByArgument {}

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "What changed between two runs, case by case, and how surely.",
    discussion: """
      OLD and NEW are run folders, or one of their files: summary.csv, blocks.csv or samples.csv, told apart by \
      their headers. A case is slower or faster where the 95 % interval of the ratio excludes 1 and its centre is \
      beyond the threshold, else ~: no difference shown. Exit status: 0 nothing got slower; 1 a file cannot be read, \
      or has a case in another unit; 2 a case got slower; 3 nothing could be compared.
      """)

  @Argument(help: "The run to compare with: a folder or a CSV file.")
  var old: String

  @Argument(help: "The run in question.")
  var new: String

  @Option(help: "How large a change has to be to matter (5%, 0.05).")
  var threshold = Fraction(0.05)

  @Option(
    help: ArgumentHelp(
      "Axes to compare across, comma-separated: flush (off in OLD against on in NEW), kernel, abi.",
      valueName: "list"))
  var across: CommaSeparated<Comparison.Axis>?

  @Option(
    help:
      "What has to change: a case's value, or its ratio to the baseline of its run (effect), which a slow hour spares."
  )
  var judge: Comparison.Subject = .value

  func run() throws {
    let older = try Recording(old, depth: .blocks)
    let newer = try Recording(new, depth: .blocks)
    let comparison = try Comparison(
      older.comparedCases(), newer.comparedCases(), threshold: threshold.value, by: judge,
      across: Set(across?.values ?? []))
    let findings =
      older.findings + newer.findings + newer.overlap(with: older) + ComparisonReport.findings(comparison)
    try write(
      Warnings.render(findings, color: usesColor(.standardError)), to: .standardError)
    try write(ComparisonReport.render(comparison, color: usesColor(.standardOutput)))
    if comparison.rows.isEmpty { throw ExitCode.nothingMeasured }
    if !comparison.regressions.isEmpty { throw ExitCode.regression }
  }
}
