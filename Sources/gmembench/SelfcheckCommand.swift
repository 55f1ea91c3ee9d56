// SPDX-License-Identifier: Apache-2.0
import Analysis
import ArgumentParser
import CKernel
import GuestMemory
import Harness
import Model
import Records
import Reports
import Suite

struct SelfcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selfcheck",
    abstract: "Compares a case with itself: how often is a difference reported where there is none?",
    discussion: """
      Takes the first case of the selection (default: fault-in touch of the baseline). With --between, whole runs of \
      the selected plan: each is compared with the next as compare does it, and every verdict is a false one. Exit \
      status: 0 no more false alarms than a correct tool has; 1 more; 3 the case cannot be measured here; 130 \
      interrupted.
      """)

  @OptionGroup var selection: SelectionOptions

  @Option(help: "How many comparisons (default: 100).")
  var comparisons: Int?

  @Flag(help: "Compare whole runs of the plan, each with the next.")
  var between = false

  @Option(help: "With --between: how many runs (default: 4).")
  var runs: Int?

  @Option(
    help: "Write summary.csv, blocks.csv and run.json into a new folder; with --between, a folder a run.")
  var output: String?

  @Option(
    help: ArgumentHelp("Delay every page of one arm by this share of a fault.", visibility: .private))
  var inject: Fraction?

  /// Seconds; a hundred comparisons of a fault take about ten on a quiet machine.
  private static let budget = 60.0

  func validate() throws {
    guard comparisons.map({ (20...10_000).contains($0) }) ?? true else {
      throw ValidationError("--comparisons is 20 to 10000")
    }
    guard runs.map({ (2...100).contains($0) }) ?? true else { throw ValidationError("--runs is 2 to 100") }
    guard between || runs == nil else { throw ValidationError("--runs is for --between") }
    guard !between || (comparisons == nil && inject == nil) else {
      throw ValidationError("--between compares whole runs: neither --comparisons nor --inject goes with it")
    }
  }

  func run() throws {
    let seed = selection.seed ?? ckernel_clock_monotonic() % 1_000_000
    try check(ckernel_signals_install(), "installing signal handlers")
    if between {
      let check = SelfcheckBetween(
        selection: Self.selectionArguments(CommandLine.arguments), planName: selection.plan.rawValue,
        runs: runs ?? 4, seed: seed, output: output)
      return try check.run()
    }
    try checkCase(seed: seed)
  }

  /// What of the arguments chooses a plan, as it was given: all that is not this command's own.
  static func selectionArguments(_ arguments: [String]) -> [String] {
    let own = ["--runs", "--seed", "--output"]
    var rest = arguments.drop { $0 != configuration.commandName }.dropFirst()
    var chosen: [String] = []
    while let argument = rest.popFirst() {
      if own.contains(argument) {
        rest = rest.dropFirst()
      } else if argument != "--between", !own.contains(where: { argument.hasPrefix("\($0)=") }) {
        chosen.append(argument)
      }
    }
    return chosen
  }

  private func checkCase(seed: UInt64) throws {
    let request = selection.runRequest(seed: seed)
    let session = try SelectionOptions.open(request)
    let all = selection.plan(for: session, seed: seed)
    let candidates = all.groups.filter { $0.spec.armAxis == .backing }
    guard let group = candidates.first, let measured = Set(group.baselines.values).first ?? group.cases.first
    else { throw ValidationError("no operation with backings to compare is in that selection") }
    var delay = 0
    if let inject {
      guard Selfcheck.canDelay(group.spec), measured.threads == 1 else {
        throw ValidationError("--inject is for fault-in touch by one thread")
      }
      delay = try Selfcheck.delay(share: inject.value, of: measured, session.context)
    }
    let plan = Selfcheck.plan(
      group.spec, measured, comparisons: comparisons ?? 100, precision: all.precision,
      budget: selection.budget?.seconds ?? Self.budget, seed: seed,
      passes: all.passes, delay: delay)
    let context = session.runContext(of: plan, version: Gmembench.version)
    let files = try RunFiles(context: context, directory: output)
    var runner = try Runner(
      plan: plan, context: context, on: session.context,
      measurer: request.passProcesses(for: session),
      sink: files,
      observer: ProgressLine.isTerminal() ? ProgressLine() : nil, identify: Catalogue.identify)
    session.findings.forEach { runner.warn($0) }
    try runner.run()
    try files.finish(runner.report)
    if Runner.isInterrupted { throw ExitCode.interrupted }
    try conclude(runner.report)
  }

  private func conclude(_ report: RunReport) throws {
    guard
      let result = SelfcheckResult(report.summaries)
    else {
      let reason = report.summaries.lazy.compactMap(\.reason).first ?? "too few blocks for an interval"
      try write("nothing could be compared: \(reason)\n", to: .standardError)
      throw ExitCode.nothingMeasured
    }
    try write(SelfcheckReport.render(result, report, color: usesColor(.standardOutput)))
    if !result.passes { throw ExitCode.failure }
  }
}
