// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel
import Glibc
import GuestMemory
import Harness
import Machine
import Model
import Records
import Reports
import Suite
import SystemPackage

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Measures, and prints what it costs. The default command.")

  @OptionGroup var selection: SelectionOptions

  @Option(help: "Write the summary as CSV (- for standard output).")
  var csv: String?

  @Option(help: "Write every sample as CSV (a line a page).")
  var samples: String?

  @Option(help: "Write machine, plan and summary as JSON.")
  var json: String?

  @Option(help: "Write all files of the run into a new folder, for report, plot, compare and history.")
  var output: String?

  @Flag(help: "Exit with 4 where a row did not reach the precision.")
  var strict = false

  @Flag(help: "Show the plan, its size and about how long it takes; touch nothing.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "With --dry-run: the topology of another machine, from its numactl --hardware (and lscpu -p).",
      valueName: "file"))
  var topology: String?

  @Flag(help: "No text but errors and warnings.")
  var quiet = false

  @Flag(help: "Every arm with its tail, and every note, after the answer.")
  var details = false

  @Option(
    help: ArgumentHelp(
      "Delay every page of one backing in fault-in touch, to see whether compare finds it.",
      valueName: "backing=share", visibility: .private))
  var inject: InjectedDelay?

  func validate() throws {
    guard [csv, samples, json].count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("only one of --csv, --samples and --json can go to standard output")
    }
    guard topology == nil || dryRun else {
      throw ValidationError("--topology is for --dry-run: a measurement is on this machine's own topology")
    }
  }

  func run() throws {
    let seed = selection.seed ?? ckernel_clock_monotonic() % 1_000_000
    if dryRun { return try showPlan(seed: seed) }
    try check(ckernel_signals_install(), "installing signal handlers")
    let request = selection.runRequest(seed: seed)
    let session = try SelectionOptions.open(request)
    var plan = selection.plan(for: session, seed: seed)
    try checkHasMeaning(plan)
    if let inject {
      plan = try plan.delayed(inject.backing, by: inject.share, session.context)
      plan.leftOut.append(
        Finding(
          .warning,
          "every page of \(inject.backing) in fault-in touch is delayed by \(inject.share) of its fault (--inject)"
        ))
    }
    let context = session.runContext(of: plan, version: Gmembench.version)
    let files = try RunFiles(
      context: context, summary: csv.map(Destination.init), samples: samples.map(Destination.init),
      json: json.map(Destination.init), directory: output)
    let progress = !quiet && ProgressLine.isTerminal() ? ProgressLine() : nil
    let passes = try request.passProcesses(for: session)
    let report = try measure(plan, context, session, passes, files, progress)
    try show(report)
    try conclude(report)
  }

  /// The plan for this machine's topology or a file's, from that alone.
  private func showPlan(seed: UInt64) throws {
    let file = try topology.map { try TopologyFile(path: $0) }
    let machine = try file?.topology ?? Topology.read()
    let layout = try selection.layout(of: machine, quota: file == nil ? Quota.read() : file?.quota)
    let pageBytes = Int(getpagesize())
    guard selection.regionBytes > 0, selection.regionBytes % pageBytes == 0 else {
      throw ValidationError("--size \(selection.regionBytes) is not whole pages of \(pageBytes) bytes")
    }
    let plan = selection.plan(for: layout, pages: selection.regionBytes / pageBytes, seed: seed)
    try checkHasMeaning(plan)
    let outline = PlanOutline(
      plan: plan, topology: machine, source: topology, quota: layout.quota, pairs: layout.pairs,
      measuringCPU: layout.measuringCPU, heldCPUs: layout.held.union(layout.heldSiblings),
      findings: layout.findings,
      pageBytes: pageBytes)
    try write(outline.render(color: usesColor(.standardOutput)))
  }

  private func checkHasMeaning(_ plan: Plan) throws {
    guard !plan.groups.isEmpty else {
      throw ValidationError("no operation has a meaning for that selection: see gmembench list")
    }
  }

  /// Measures and writes what came of it; a place that refuses results ends the run, not the report.
  private func measure(
    _ plan: Plan, _ context: RunContext, _ session: Session, _ passes: PassProcesses, _ files: RunFiles,
    _ progress: ProgressLine?
  ) throws -> RunReport {
    var runner = Runner(
      plan: plan, context: context, on: session.context, measurer: passes, sink: files, observer: progress,
      timingOverhead: { measuring throws(Refusal) in
        try Timing.measure(measuring, pages: min(session.pages, Timing.mostPages))
      }, identify: Catalogue.identify)
    session.findings.forEach { runner.warn($0) }
    if plan.groups.contains(where: { $0.cases.contains { $0.directMap == .cold } }),
      let finding = try HostMemory.back(session.fingerprint)
    {
      runner.warn(finding)
    }
    defer { progress?.clear() }
    do throws(SinkFailure) {
      try runner.run()
      try files.finish(runner.report)
    } catch {
      progress?.clear()
      try? show(runner.report)
      throw error
    }
    return runner.report
  }

  /// Text goes to standard output, or to standard error when results go there.
  private func show(_ report: RunReport) throws {
    guard !quiet else { return }
    let takesOutput = [csv, samples, json].contains("-")
    let stream = takesOutput ? FileDescriptor.standardError : .standardOutput
    let (width, color) = (TerminalWidth.of(stream.rawValue), usesColor(stream))
    let text =
      details
      ? RunText.detailed(report, width: width, color: color)
      : RunText.brief(report, width: width, color: color)
    try write(text, to: stream)
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
