// SPDX-License-Identifier: Apache-2.0
import Analysis
import ArgumentParser
import History
import Model
import Records
import Reports
import SystemPackage

extension Comparison.Axis: ExpressibleByArgument {}
extension Comparison.Criterion: ExpressibleByArgument {}

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "What changed between two runs, or several a side, and how surely.",
    usage: """
      gmembench compare OLD NEW [options]
      gmembench compare OLD... --against NEW... [options]
      """,
    discussion: """
      Runs are folders, or one of their files: summary.csv, blocks.csv or samples.csv, told apart by their headers. \
      Both sides are compared at one state of the machine, in the middle between theirs, as far as the probes explain \
      what moved. A case is slower or faster where that is certain among all cases together (at most 5 % of the \
      verdicts are false) and the change is beyond the threshold; = where it is certain that there is no such change; \
      ~ where neither can be told. Exit status: 0 nothing got slower; 1 a file cannot be read, or has a case in another \
      unit; 2 a case got slower; 3 no case could be judged.
      """)

  @Argument(help: "The run to compare with and the run in question; with --against, runs to compare with.")
  var runs: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The runs in question, one or several: several a side tell how much runs of this machine differ.",
      valueName: "run"))
  var against: [String] = []

  @Option(help: "How large a change has to be to matter (5%, 0.05).")
  var threshold = Fraction(0.05)

  @Option(
    help: ArgumentHelp(
      "Axes to compare across, comma-separated: flush (off in OLD against on in NEW), kernel, abi.",
      valueName: "list"))
  var across: CommaSeparated<Comparison.Axis>?

  @Option(
    help: ArgumentHelp(
      "What is judged: a case's ratio to the baseline of its run (effect), or its value.",
      discussion: """
        A baseline is judged by its ratio to the anonymous case, counted instructions by their value. A value takes \
        several runs a side, or --database: one run a side does not tell how much the machine differs between runs.
        """))
  var judge: Comparison.Criterion = .effect

  @Option(
    help: ArgumentHelp(
      "A history whose earlier runs tell how much runs of this machine differ, for each case that has 5 of them.",
      valueName: "file"))
  var database: String?

  func validate() throws {
    if against.isEmpty, runs.count != 2 {
      throw ValidationError(
        runs.count > 2
          ? "\(runs.count) runs: name those in question after --against (compare OLD... --against NEW...)"
          : "two runs are compared, OLD and NEW (or compare OLD... --against NEW...)")
    }
    if !against.isEmpty, runs.isEmpty {
      throw ValidationError("no run to compare with: compare OLD... --against NEW...")
    }
  }

  func run() throws {
    let sides = against.isEmpty ? [[runs[0]], [runs[1]]] : [runs, against]
    let recordings = try sides.map { try $0.map { try Recording($0, depth: .blocks) } }
    let compared = try recordings.map { try $0.map { try $0.comparedRun() } }
    for side in compared { try Self.refuseDoubles(side) }
    var (history, notes) = try history(of: compared[0] + compared[1])
    let comparison = try Comparison(
      compared[0], compared[1], threshold: threshold.value, by: judge, across: Set(across?.values ?? []),
      history: history)
    if let database, notes.isEmpty, comparison.unknownRows > 0 {
      notes.append(
        Finding(
          .note,
          "\(database) has fewer than \(BetweenRuns.leastRuns) other runs of \(comparison.unknownRows) of these cases"
        ))
    }
    let findings =
      recordings.flatMap { $0.flatMap(\.findings) } + notes + ComparisonReport.findings(comparison)
    try write(
      Warnings.render(findings, color: usesColor(.standardError)), to: .standardError)
    try write(ComparisonReport.render(comparison, color: usesColor(.standardOutput)))
    if comparison.testedRows == 0 { throw ExitCode.nothingMeasured }
    if !comparison.regressions.isEmpty { throw ExitCode.regression }
  }

  /// One run twice would count as two that agree.
  private static func refuseDoubles(_ side: [ComparedRun]) throws {
    var names: [String: String] = [:]
    for run in side {
      guard let id = run.runID, !id.isEmpty else { continue }
      if let first = names.updateValue(run.name, forKey: id) {
        throw ValidationError("\(first) and \(run.name) are both run '\(id)': a run counts once on a side")
      }
    }
  }

  /// What earlier runs say; those compared say nothing of it. With what to say where they cannot be asked.
  private func history(of runs: [ComparedRun]) throws -> (RunHistory, [Finding]) {
    guard let database else { return (RunHistory(), []) }
    let series = try SeriesDatabase(database, for: .reading)
    let machines = Set(runs.flatMap { $0.cases.compactMap { $0.traits[.machine] } })
    guard machines.count == 1, let machine = machines.first else {
      let why = machines.isEmpty ? "no machine key was recorded" : "the runs are of several machines"
      return (RunHistory(), [Finding(.warning, "\(database) is not used: \(why)")])
    }
    let histories = try series.histories(SeriesDatabase.Filter(parts: [machine]))
    return (
      RunHistory(
        histories.filter { $0.series.machineKey == machine }, without: Set(runs.compactMap(\.runID))), []
    )
  }
}
