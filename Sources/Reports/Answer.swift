// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// The first thing printed: what it costs to take a GiB of guest memory out of the direct map, in at most 15 lines.
///
/// From measured rows only. A total is the mean of all samples times the pages, what an arm adds is the mean of the
/// rounds' differences times the pages: means, because the rare slow page is paid for too. Both assume that every page of
/// the GiB costs what the measured ones did. The ratio is that of the medians. Where instructions are counted, figures
/// are of a page: they are the same on any machine, and say nothing of the time for a GiB.
public enum Answer {
  /// - Parameter width: columns of the place where it is read. No line is longer.
  public static func render(_ report: RunReport, width: Int, color: Bool) -> String {
    let style = Style(color: color)
    var lines = [style.bold("the cost of taking guest memory out of the direct map")]
    lines += wrapped(machine(report), width: width)
    if let headline = Headline.render(report) { lines += wrapped(headline, width: width) }
    lines.append("")
    lines += table(report, width: width, style)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func machine(_ report: RunReport) -> String {
    let machine = report.context.fingerprint
    let cpus = "\(machine.cpus) \(machine.cpus == 1 ? "CPU" : "CPUs")"
    let nodes = machine.nodes > 1 ? ", \(machine.nodes) nodes" : ""
    let guest = machine.hypervisor.isEmpty ? "" : ", a guest of \(machine.hypervisor)"
    return "\(cpus)\(nodes), \(machine.memoryGib) GiB\(guest), Linux \(machine.kernelRelease)"
  }

  private static func table(_ report: RunReport, width: Int, _ style: Style) -> [String] {
    let counts = report.summaries.contains { $0.unit == .instructions }
    let pageBytes = max(1, report.context.pageBytes)
    let pages = counts ? 1 : Double((1 << 30) / pageBytes)
    let arms = self.arms(report.summaries)
    let baselines = Set(
      report.summaries.filter { arms.contains($0.measuredCase.backing) }.compactMap(\.baseline?.backing))
    let baseline = baselines.count == 1 ? baselines.first?.label ?? "baseline" : "baseline"
    var table = TextTable([.left, .right, .right, .left], indent: 0)
    let scope = counts ? "per page, instructions" : "per GiB, \(pageBytes >> 10) KiB pages"
    table.row([scope, baseline, "adds", "ratio [95 % interval]"])
    let questions = Question.all(held: report.context.heldCPUs.count).map { ($0, $0.rows(report.summaries)) }
    for backing in arms {
      if arms.count > 1 { table.row([backing.label]) }
      for (question, rows) in questions {
        if let reply = question.reply(rows, of: backing, pages: pages) {
          table.row([question.text] + cells(reply, counts: counts))
        } else {
          let totals = question.totals(rows, of: rows.compactMap(\.baseline), pages: pages)
          table.note([question.text, amounts(totals, counts: counts)], refusal(rows, of: backing))
        }
      }
    }
    if arms.isEmpty {
      for (question, rows) in questions {
        let totals = question.totals(rows, of: rows.compactMap(\.baseline), pages: pages)
        table.row([question.text, amounts(totals, counts: counts), "", ""])
      }
    }
    return table.lines(style, width: width)
  }

  /// The flag's own memory where it was measured, the proxy where it was not.
  private static func arms(_ summaries: [Summary]) -> [Backing] {
    let measured = Backing.allCases.filter { backing in
      backing.removesDirectMap && summaries.contains { $0.hasFigure && $0.measuredCase.backing == backing }
    }
    let own = measured.filter { !$0.isProxy }
    return own.isEmpty ? measured : own
  }

  private static func cells(_ reply: Question.Reply, counts: Bool) -> [String] {
    let added = amounts(reply.added, counts: counts, signed: true)
    var ratio: String
    if let low = reply.ratios.first, let high = reply.ratios.last {
      ratio = Figures.ratio(low, high, reply.ratioInterval)
    } else if reply.addedInterval.isFinite {
      ratio =
        "[\(amounts([reply.addedInterval.low, reply.addedInterval.high], counts: counts, signed: true))]"
    } else {
      ratio = "(\(Figures.unbounded))"
    }
    let interval = reply.addedInterval
    if interval.isFinite, interval.low <= 0, interval.high >= 0 { ratio += " (not told apart)" }
    if reply.isPartial { ratio += " (partial)" }
    return [amounts(reply.baseline, counts: counts), added, ratio]
  }

  private static func amounts(_ values: [Double], counts: Bool, signed: Bool = false) -> String {
    guard let low = values.first, let high = values.last else { return "" }
    guard counts else { return Figures.times(low, high, signed: signed) }
    return values.map { (signed && $0 >= 0 ? "+" : "") + Figures.count(Int($0.rounded())) }.joined(
      separator: " to ")
  }

  /// Why a backing has no figure there.
  private static func refusal(_ rows: [Summary], of backing: Backing) -> String {
    rows.first { $0.measuredCase.backing == backing }?.reason ?? "not measured"
  }
}
