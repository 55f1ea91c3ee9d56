// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Records

/// What a reader of the figures must know, each with its remedy.
public enum Warnings {
  /// One line a finding, its remedy on the next; empty where there is none.
  public static func render(_ findings: [Finding], color: Bool) -> String {
    let style = Style(color: color)
    return findings.map { finding in
      let line = "\(style.bold(finding.severity.word)): \(finding.what)\n"
      return line + (finding.remedy.map { style.dim("  → \($0)") + "\n" } ?? "")
    }.joined()
  }
}

/// What the run was: machine, kernel, seed, time, clock and what timing itself costs.
public enum Closing {
  /// A few lines, each ended by a line feed.
  public static func render(_ report: RunReport) -> String {
    let context = report.context
    let clock = context.clock
    let counts = report.summaries.contains { $0.unit == .instructions }
    let unit = counts ? SampleUnit.instructions : .nanoseconds
    let state =
      report.isComplete
      ? "complete"
      : "partial: the plan was not carried out to its end"
    let held =
      context.heldCPUs.isEmpty
      ? "no other CPU" : "CPU \(context.heldCPUs)"
    var text = """
      machine \(context.fingerprint.machineKey), Linux \(context.fingerprint.kernelRelease); measured on CPU \
      \(context.measuringCPU), able to hold \(held), of \(context.onlineCPUs) online
      plan \(context.planName), seed \(context.seed), \(Figures.fixed(report.elapsed, 1)) s, \(state)\(passes(report))
      clock \(clock.name), \(Figures.amount(clock.callOverhead, unit)) subtracted from each call timed alone, \
      \(Figures.amount(clock.pageOverhead, unit)) from each page of a loop

      """
    if let overhead = report.timingOverhead { text += render(overhead, unit) + "\n" }
    return text + Conditions.render(report)
  }

  /// How many passes the figures rest on, and what the machine was like in them.
  private static func passes(_ report: RunReport) -> String {
    guard let passes = report.summaries.compactMap({ $0.effect?.passes }).max() else { return "" }
    let probes = zip(Probes.Kind.allCases, report.state).compactMap { kind, logarithm in
      logarithm.map { "\(kind.name) \(Figures.amount(exp($0), SampleUnit.nanoseconds))" }
    }
    let adjusted = report.summaries.count { $0.effect?.adjustedRatio != nil }
    var text = "\n\(passes) \(passes == 1 ? "pass" : "passes")"
    if !probes.isEmpty {
      text += "; the machine's median state: \(probes.joined(separator: ", "))"
      text += adjusted > 0 ? "; \(adjusted) rows are adjusted to it" : "; no row is adjusted to it"
    }
    return text
  }

  private static func render(_ overhead: TimingOverhead, _ unit: SampleUnit) -> String {
    let bounds =
      overhead.relativeLow.isFinite && overhead.relativeHigh.isFinite
      ? "[\(Figures.percent(overhead.relativeLow)), \(Figures.percent(overhead.relativeHigh))]"
      : "(\(Figures.unbounded))"
    return
      "per-page timing adds \(Figures.percent(overhead.relative)) % \(bounds) to a \(overhead.backing) fault "
      + "(\(Figures.amount(overhead.perPage, unit)) page by page, \(Figures.amount(overhead.whole, unit)) once around; "
      + "\(Figures.amount(overhead.unfenced, unit)) once around without fences, where the CPU runs ahead of the fault)"
  }
}
