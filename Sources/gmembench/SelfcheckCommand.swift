// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel
import Experiment
import GuestMemory
import Records
import Reports
import Suite

struct SelfcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selfcheck",
    abstract: "Compares a case with itself: how often is a difference claimed that is not there?",
    discussion: """
      Takes the first case of the selection (default: fault-in touch of the baseline). Exit status: 0 no more false \
      alarms than a correct tool has; 1 more; 3 the case cannot be measured here; 130 interrupted.
      """)

  @OptionGroup var selection: SelectionOptions

  @Option(help: "How many comparisons.")
  var comparisons = 100

  @Option(help: "Write summary.csv, blocks.csv and run.json into a new folder.")
  var output: String?

  @Option(
    help: ArgumentHelp("Delay every page of one arm by this share of a fault.", visibility: .private))
  var inject: Fraction?

  /// Seconds; a hundred comparisons of a fault take about ten on a quiet machine.
  private static let budget = 60.0

  func validate() throws {
    guard (20...10_000).contains(comparisons) else { throw ValidationError("--comparisons is 20 to 10000") }
  }

  func run() throws {
    let seed = selection.seed ?? ckernel_clock_monotonic() % 1_000_000
    try check(ckernel_signals_install(), "installing signal handlers")
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
      delay = try Selfcheck.delay(share: inject.value, of: measured, session.workbench)
    }
    let plan = Selfcheck.plan(
      group.spec, measured, comparisons: comparisons, precision: all.precision,
      budget: selection.budget?.seconds ?? Self.budget, seed: seed,
      passes: all.passes, delay: delay)
    let context = session.context(of: plan, version: Gmembench.version)
    let files = try RunFiles(context: context, directory: output)
    var runner = try Runner(
      plan: plan, context: context, workbench: session.workbench,
      measurer: request.passProcess(pages: session.pages, pageBytes: session.workbench.pageBytes), sink: files,
      observer: ProgressLine.isTerminal() ? ProgressLine() : nil, identify: Catalogue.identify)
    session.findings.forEach { runner.warn($0) }
    do throws(SinkFailure) {
      try runner.run()
      try files.finish(runner.report)
    } catch { throw Failure("\(error)") }
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
