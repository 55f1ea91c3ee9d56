// SPDX-License-Identifier: Apache-2.0
import Model
import Records
import Statistics

/// What the median fault of a backing that leaves the direct map is made of, by the number of threads: what the same
/// memory costs without removal (every lock and page that all faults share), what a removal adds without any flush
/// (the change of the entry, and the wait for `cpa_lock`, which is one for the machine), and what the flush adds.
///
/// The flush is the effect of rounds that hold the fault with it and without. The rest is a difference of medians of arms
/// that were measured in other rounds, which has no interval. Where the kernel cannot switch the flush off, removal and
/// flush are one figure, and no part of it is counted as the flush.
struct FlushShares {
  private struct Line {
    var threads: Int
    var plain: Double
    var removal: Double
    /// Nil where it is in `removal`.
    var flush: LocationEstimate?
  }

  private let heading: String
  private let backing: Backing
  private let plain: Backing
  private let lines: [Line]

  /// One for each removing backing and point of the other axes that was measured with several threads.
  static func make(_ summaries: [Summary]) -> [FlushShares] {
    let rows = summaries.filter { $0.scaling != nil && $0.hasFigure && $0.unit == .nanoseconds }
    var points: [Case] = []
    for row in rows where !points.contains(point(row)) { points.append(point(row)) }
    return points.flatMap { point in
      let mine = rows.filter { self.point($0) == point }
      return Backing.allCases.compactMap { backing in
        backing.counterpart.flatMap { FlushShares(mine, backing, plain: $0) }
      }
    }
  }

  /// What the rows of an account have in common.
  private static func point(_ row: Summary) -> Case {
    row.measuredCase.apartFromThreads.without(.benchmark, .operation, .backing, .flush)
  }

  private init?(_ rows: [Summary], _ backing: Backing, plain: Backing) {
    // Memory that the host cannot map is faulted in by the guest, with the switch as without.
    let benchmark = backing.isPrivate ? "guest-fault" : "fault-in"
    func row(_ backing: Backing, _ threads: Int, _ flush: FlushSetting?) -> Summary? {
      rows.first {
        $0.measuredCase.backing == backing && $0.measuredCase.threads == threads
          && $0.measuredCase.flush == flush && (flush != nil || $0.measuredCase.benchmark == benchmark)
      }
    }
    func p50(_ backing: Backing, _ threads: Int, _ flush: FlushSetting? = nil) -> Double? {
      row(backing, threads, flush)?.samples.quantile(0.5)
    }
    let threads = Set(rows.map(\.measuredCase.threads)).sorted()
    let lines: [Line] = threads.compactMap { threads in
      guard let base = p50(plain, threads) else { return nil }
      if let off = p50(backing, threads, .off), let flush = row(backing, threads, .on)?.effect?.shift {
        return Line(threads: threads, plain: base, removal: off - base, flush: flush)
      }
      return p50(backing, threads).map { Line(threads: threads, plain: base, removal: $0 - base) }
    }
    guard let first = rows.first?.measuredCase, lines.contains(where: { $0.threads > 1 }) else { return nil }
    // One account for all numbers of threads: the fuller one where there is one.
    let switched = lines.filter { $0.flush != nil }
    self.lines = switched.isEmpty ? lines : switched
    self.backing = backing
    self.plain = plain
    heading =
      "What the median \(benchmark) touch of \(backing.label) is made of   \(Axis.others.label(of: first))   "
      + SummaryTable.place(ofThreads: rows)
  }

  func render(_ style: Style) -> String {
    let isSwitched = lines.contains { $0.flush != nil }
    var table = TextTable([.right, .right, .right, .left])
    let removal = isSwitched ? "removal and cpa_lock, no flush" : "removal, cpa_lock and flush"
    table.row(["threads", "\(plain.label), nothing removed", removal, isSwitched ? "the flush" : ""])
    for line in lines {
      table.row([
        "\(line.threads)", Figures.time(line.plain), Figures.shift(line.removal, .nanoseconds),
        line.flush.map { Figures.shifts($0.value, $0.value, $0.interval) } ?? "",
      ])
    }
    return style.bold(heading) + "\n" + table.render(style) + limits(isSwitched).map { "  \($0)\n" }.joined()
  }

  private func limits(_ isSwitched: Bool) -> [String] {
    var limits = ["the removal is a difference of medians of other rounds: it has no interval"]
    if !isSwitched {
      limits.append(
        "the flush cannot be switched off here: what waits for cpa_lock is not told from what it takes")
    }
    if backing.source != plain.source {
      limits.append(
        "\(backing.rawValue) is another file system than \(plain.rawValue): the difference is not the removal alone"
      )
    }
    return limits
  }
}
