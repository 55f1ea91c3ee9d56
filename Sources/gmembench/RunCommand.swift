// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel
import Experiment
import Glibc
import GuestMemory
import Machine
import Records
import Reports
import Suite
import SystemPackage

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Measures, and says what it costs. The default command.")

  @OptionGroup var selection: SelectionOptions

  @Option(help: "Write the summary as CSV (- for standard output).")
  var csv: String?

  @Option(help: "Write every sample as CSV (a line a page).")
  var samples: String?

  @Option(help: "Write machine, plan and summary as JSON.")
  var json: String?

  @Option(help: "Write summary.csv, blocks.csv and run.json into a new folder.")
  var output: String?

  @Flag(help: "Exit with 4 where a row did not reach the precision.")
  var strict = false

  @Flag(help: "Show every case and why one is not available; measure nothing.")
  var dryRun = false

  @Flag(help: "No text but errors and warnings.")
  var quiet = false

  func validate() throws {
    guard [csv, samples, json].count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("only one of --csv, --samples and --json can go to standard output")
    }
  }

  func run() throws {
    let seed = selection.seed ?? ckernel_clock_monotonic() % 1_000_000
    try check(ckernel_signals_install(), "installing signal handlers")
    let session = try selection.open(seed: seed, program: dryRun ? nil : CommandLine.executable)
    let plan = selection.plan(for: session, seed: seed)
    guard !plan.groups.isEmpty else {
      throw ValidationError("no operation has a meaning for that selection: see gmembench list")
    }
    if dryRun {
      try write(CaseListing.render(session.listing(of: plan), color: usesColor(.standardOutput)))
      return
    }
    let context = session.context(of: plan, version: Gmembench.version)
    let files = try RunFiles(
      context: context, summary: csv.map(Destination.init), samples: samples.map(Destination.init),
      json: json.map(Destination.init), directory: output)
    let progress = !quiet && ProgressLine.isTerminal() ? ProgressLine() : nil
    let report = try measure(plan, context, session, files, progress)
    try show(report)
    try conclude(report)
  }

  /// Measures and writes what came of it; a place that refuses results ends the run, not the report.
  private func measure(
    _ plan: Plan, _ context: RunContext, _ session: Session, _ files: RunFiles, _ progress: ProgressLine?
  ) throws -> RunReport {
    var runner = Runner(
      plan: plan, context: context, workbench: session.workbench, sink: files, observer: progress,
      identify: Catalogue.identify)
    session.findings.forEach { runner.warn($0) }
    defer { progress?.clear() }
    do throws(SinkFailure) {
      try runner.run()
      try runner.conclude(timing(session, &runner))
      try files.finish(runner.report)
    } catch {
      progress?.clear()
      try? show(runner.report)
      throw Failure("\(error)")
    }
    return runner.report
  }

  /// What timing adds; that it could not be told takes nothing from what was measured.
  private func timing(_ session: Session, _ runner: inout Runner) -> TimingOverhead? {
    do throws(Refusal) {
      return try Timing.measure(session.workbench, pages: min(session.pages, Timing.mostPages))
    } catch {
      runner.warn(Finding(.warning, "what timing adds was not measured: \(error)"))
      return nil
    }
  }

  /// Text goes to standard output, or to standard error when results go there.
  private func show(_ report: RunReport) throws {
    guard !quiet else { return }
    let takesOutput = [csv, samples, json].contains("-")
    let stream = takesOutput ? FileDescriptor.standardError : .standardOutput
    try write(RunText.render(report, color: usesColor(stream)), to: stream)
  }

  private func conclude(_ report: RunReport) throws {
    if Runner.isInterrupted { throw ExitCode.interrupted }
    let measured = report.summaries.filter { $0.blocks > 0 }
    if measured.isEmpty { throw ExitCode.nothingMeasured }
    if strict, measured.contains(where: { $0.status == .unstable }) { throw ExitCode.unstable }
  }
}

extension CommandLine {
  /// This program, whatever it was called as.
  static var executable: String { "/proc/self/exe" }
}
