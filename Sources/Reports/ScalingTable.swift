// SPDX-License-Identifier: Apache-2.0
import Model
import Records
import Statistics

/// What several threads make of it: one table for each point of the other axes, by backing and number of threads, and
/// what of a fault is the flush and what all removals share without one.
public enum ScalingTable {
  /// Fewer numbers of threads make no curve.
  private static let leastPoints = 4

  /// Nil where the run compares no numbers of threads. `color` asks for bold headings.
  public static func render(_ report: RunReport, color: Bool) -> String? {
    let rows = report.summaries.filter { $0.hasFigure && $0.scaling != nil && $0.unit == .nanoseconds }
    guard !rows.isEmpty else { return nil }
    let style = Style(color: color)
    var points: [Point] = []
    for row in rows where !points.contains(Point(row)) { points.append(Point(row)) }
    var text = style.bold("Threads that fault parts of one region at once, each on a CPU of its own") + "\n"
    text +=
      "pages/s = pages / time until the last thread is done, median of the blocks; speed-up = over one thread, "
      + "by rounds; fairness = the fastest thread's mean page / the slowest's\n"
    for point in points {
      let mine = rows.filter { Point($0) == point }
      text += "\n" + style.bold(point.heading(mine)) + "\n" + table(mine).render(style) + claims(mine)
    }
    let faults = FlushShares.make(report.summaries)
    return faults.isEmpty ? text : text + "\n" + faults.map { $0.render(style) }.joined(separator: "\n")
  }

  private static func table(_ rows: [Summary]) -> TextTable {
    var table = TextTable([.left, .right, .right, .right, .right, .left, .right, .left])
    table.row(["", "threads", "p50", "p99", "pages/s", "speed-up", "fairness", ""])
    var last: Arm?
    for arm in arms(rows) {
      for row in rows where Arm(row) == arm {
        guard let scaling = row.scaling, let figures = SampleFigures(row.samples) else { continue }
        table.row([
          last == arm ? "" : arm.label, "\(row.measuredCase.threads)", Figures.time(figures.p50),
          Figures.time(figures.p99), Figures.count(Int(scaling.throughput.rounded())),
          scaling.speedUp.map { Figures.ratio($0.value, $0.interval) } ?? "",
          scaling.fairness.map { Figures.fixed($0, 2) } ?? "", row.caution ?? "",
        ])
        last = arm
      }
    }
    return table
  }

  /// What an arm's numbers of threads say together, where there are enough of them.
  private static func claims(_ rows: [Summary]) -> String {
    let most = arms(rows).map { arm in known(rows.filter { Arm($0) == arm }).count }.max() ?? 0
    var text = ""
    if most < leastPoints {
      text +=
        "  \(most) \(most == 1 ? "number" : "numbers") of threads whose speed-up has an interval: too few for a claim "
        + "about scaling, which takes \(leastPoints)\n"
    }
    if !rows.contains(where: { $0.measuredCase.threads == 1 }) {
      text += "  no speed-up: one thread was not measured beside them\n"
    }
    return text + arms(rows).compactMap { arm in claim(arm, rows.filter { Arm($0) == arm }) }.joined()
  }

  /// The numbers of threads that say how an arm scales: one, and those with an interval.
  private static func known(_ rows: [Summary]) -> Set<Int> {
    Set(
      rows.filter { $0.measuredCase.threads == 1 || $0.scaling?.speedUp?.interval.isFinite == true }
        .map(\.measuredCase.threads))
  }

  private static func claim(_ arm: Arm, _ rows: [Summary]) -> String? {
    let known = known(rows)
    let rows = rows.filter { known.contains($0.measuredCase.threads) }
    guard known.count >= leastPoints,
      let last = rows.max(by: { $0.measuredCase.threads < $1.measuredCase.threads }),
      let best = rows.max(by: { $0.scaling?.throughput ?? 0 < $1.scaling?.throughput ?? 0 }),
      let speedUp = last.scaling?.speedUp
    else { return nil }
    let threads = last.measuredCase.threads
    let share = Figures.fixed(100 * speedUp.value / Double(threads), 0)
    return
      "  \(arm.label): \(Figures.ratio(speedUp.value, speedUp.interval)) with \(threads) threads, \(share) % of "
      + "\(threads) times one; most pages/s with \(best.measuredCase.threads)\n"
  }

  private static func arms(_ rows: [Summary]) -> [Arm] {
    rows.map(Arm.init).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// What has one curve.
  private struct Arm: Hashable {
    var backing: Backing
    var flush: FlushSetting?

    init(_ row: Summary) {
      backing = row.measuredCase.backing
      flush = row.measuredCase.flush
    }

    var label: String { backing.label + (flush.map { " \(Axis.flush.name)=\($0.rawValue)" } ?? "") }
  }

  /// What a table's rows have in common.
  private struct Point: Hashable {
    private var measured: Case

    init(_ row: Summary) {
      measured = row.measuredCase.apartFromThreads.without(.backing, .flush)
    }

    func heading(_ rows: [Summary]) -> String {
      "\(measured.benchmark) \(measured.operation)   \(Axis.others.label(of: measured))   "
        + SummaryTable.place(ofThreads: rows)
    }
  }
}
