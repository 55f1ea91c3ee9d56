// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// The last thing printed: what the figures mean for a GiB of guest memory, in words a decision can use.
///
/// From measured rows only, and from means, because the rare slow page is paid for too: a total is the mean of all
/// samples times the pages, what an arm adds is the mean of the rounds' differences times the pages. Both
/// assume that every page of the GiB costs what the measured ones did. `spin` and `idle` are never pooled: where
/// both were measured, the figure is the range between them and the bounds enclose both intervals.
public enum Answer {
  /// A table of words, each line ended by a line feed.
  public static func render(_ report: RunReport) -> String {
    guard !report.summaries.contains(where: { $0.unit == .instructions }) else {
      return
        "Instructions are path lengths, the same on any machine: they say nothing of the time for a GiB.\n"
    }
    let pageBytes = max(1, report.context.pageBytes)
    let pages = (1 << 30) / pageBytes
    var text =
      "What it means per GiB of guest memory (\(Figures.count(pages)) pages of \(size(pageBytes))"
      + (report.isComplete ? ")\n" : "; partial run)\n")
      + "total = mean page × pages, the tail included; in brackets the 95 % interval of what is added (from the passes)\n"
    text += conditions(report)
    let held = report.context.heldCPUs.count
    for question in Question.all(held: held) {
      text += question.answer(report.summaries, pages: Double(pages))
    }
    text += pageTables(report)
    if report.summaries.contains(where: { $0.hasFigure && $0.measuredCase.backing.isProxy }) {
      text +=
        "memfd_secret is a proxy: its pages leave the direct map, but it is not guest_memfd and no VM uses it\n"
    }
    return text
  }

  /// What blocks found, where that is not what a large region finds.
  private static func conditions(_ report: RunReport) -> String {
    let cold = report.summaries.first {
      $0.hasFigure && $0.measuredCase.state == .cold && $0.measuredCase.directMap != .cold
    }
    guard let cold else { return "" }
    let bytes = cold.measuredCase.pages * max(1, report.context.pageBytes)
    return
      "blocks of \(size(bytes)) found cold frames in random order, and huge pages that were there: a whole GiB on a "
      + "fresh host may differ\n"
  }

  /// What splits of the direct map took, of the rows that took pages out of it within what was timed: a page table
  /// each, which stays.
  private static func pageTables(_ report: RunReport) -> String {
    let removing = report.summaries.filter { $0.hasFigure && $0.flush != nil }
    let splits = removing.compactMap(\.counters.splits)
    guard !splits.isEmpty, splits.count == removing.count else { return "" }
    let pages = removing.reduce(0) { $0 + $1.blocks * $1.measuredCase.pages }
    let removed = Figures.fixed(Double(pages * max(1, report.context.pageBytes)) / Double(1 << 30), 2)
    let count = splits.reduce(0, +)
    guard count > 0 else {
      return
        "page tables that splits keep: none while \(removed) GiB were removed; that memory had been split before, "
        + "or has small entries only (--direct-map cold looks for other)\n"
    }
    return
      "page tables that splits keep: \(Figures.count(Int(count))) of 4 KiB while \(removed) GiB were removed "
      + "(at most 513 for a GiB of whole entries); nothing merges them again but the kernel's own collapse\n"
  }

  private static func size(_ bytes: Int) -> String {
    bytes.isMultiple(of: 1024) ? "\(bytes / 1024) KiB" : "\(bytes) bytes"
  }
}

/// One thing a host operator pays, and the rows that tell how much.
private struct Question {
  var text: String
  var benchmark: String
  var operation: String
  /// How often a page's value is paid.
  var factor: Double

  static func all(held: Int) -> [Question] {
    let observed = held == 1 ? "the 1 other CPU observed" : "the \(held) other CPUs observed"
    return [
      Question(text: "populate by host", benchmark: "fault-in", operation: "touch", factor: 1),
      Question(text: "populate by guest", benchmark: "guest-fault", operation: "touch", factor: 1),
      Question(text: "free", benchmark: "free", operation: "unmap-last-reference", factor: 1),
      Question(
        text: "CPU time taken from \(observed)", benchmark: "tlb-flush", operation: "bystander",
        factor: Double(held)),
    ]
  }

  /// The arms that answer: memfd tells a kernel developer something, not an operator, unless it is the baseline.
  private static let arms = Backing.allCases.filter(\.descriptor.answersOperators)

  func answer(_ summaries: [Summary], pages: Double) -> String {
    let name = "\(benchmark) \(operation)"
    let all = summaries.filter {
      $0.measuredCase.benchmark == benchmark && $0.measuredCase.operation == operation
        && $0.armAxis == .backing && $0.unit == .nanoseconds
    }
    // Pages that several threads take in at once do not take the sum of their times.
    let asked = all.filter { $0.measuredCase.threads == 1 }
    let isParallel = all.contains { $0.hasFigure && $0.measuredCase.threads > 1 }
    let figures = asked.filter(\.hasFigure)
    guard let first = figures.first else {
      return "\(text) (\(name)): not measured" + (isParallel ? " with one thread\n" : "\n")
    }
    // One point of the other axes, the first measured: figures of different nodes or sizes are no range.
    let point = Point(first.measuredCase)
    let rows = figures.filter { Point($0.measuredCase) == point }
    let states = Set(rows.map(\.measuredCase.others))
    var table = TextTable([.left, .left, .left])
    var missing: [String] = []
    let baselines = Set(rows.compactMap(\.baseline?.backing))
    let backings =
      Backing.allCases.filter(baselines.contains) + Self.arms.filter { !baselines.contains($0) }
    for backing in backings {
      let arm = rows.filter { $0.measuredCase.backing == backing }
      guard !arm.isEmpty else {
        if asked.contains(where: { $0.measuredCase.backing == backing }) { missing.append(backing.label) }
        continue
      }
      table.row([backing.label, total(arm, pages), remarks(arm, pages, states, baselines)])
    }
    let reference = baselines.count == 1 ? baselines.first.map { " against \($0.label)" } ?? "" : ""
    var lines = "\(text) (\(name), \(statesText(states))\(point.text))\(reference):\n"
    lines += table.render(Style(color: false))
    lines += remote(figures)
    if !missing.isEmpty { lines += "  not measured: \(missing.joined(separator: ", "))\n" }
    return lines
  }

  /// What memory of another node costs against the CPU's own, over all pairs measured.
  private func remote(_ figures: [Summary]) -> String {
    let texts = Self.arms.compactMap { backing -> String? in
      let ratios = figures.filter { $0.measuredCase.backing == backing }.compactMap(
        \.localEffect?.ratio?.value)
      guard let low = ratios.min(), let high = ratios.max() else { return nil }
      let ends = [low, high].map { "×\(Figures.fixed($0, 2))" }
      return "\(backing.label) \(ends[0] == ends[1] ? ends[0] : "\(ends[0]) to \(ends[1])")"
    }
    return texts.isEmpty ? "" : "  on memory of another node: \(texts.joined(separator: ", "))\n"
  }

  private func total(_ arm: [Summary], _ pages: Double) -> String {
    let totals = arm.compactMap(\.samples.mean).map { $0 * pages * factor }
    guard let low = totals.min(), let high = totals.max() else { return "" }
    return Figures.times(low, high)
  }

  private func remarks(
    _ arm: [Summary], _ pages: Double, _ states: Set<OthersState>, _ baselines: Set<Backing>
  ) -> String {
    var remarks: [String] = []
    if let extra = extra(arm, pages) {
      let baseline = baselines.count > 1 ? arm.compactMap(\.baseline).first : nil
      remarks.append(extra + (baseline.map { " against \($0.backing.label)" } ?? ""))
    } else if let backing = arm.first?.measuredCase.backing, baselines.contains(backing) {
      remarks.append("baseline")
    } else {
      remarks.append("nothing to compare with")
    }
    let own = Set(arm.map(\.measuredCase.others))
    if own != states { remarks.append("\(statesText(own)) only") }
    if arm.contains(where: { $0.status == .partial }) { remarks.append("partial") }
    if arm.contains(where: { $0.status == .unstable }) { remarks.append("unstable") }
    return remarks.joined(separator: "; ")
  }

  /// What the arm adds to its baseline; nil for the baseline itself.
  private func extra(_ arm: [Summary], _ pages: Double) -> String? {
    let measured = arm.filter { $0.baseline != $0.measuredCase }
    let shifts = measured.compactMap(\.meanShift)
    let values = shifts.map { $0.value * pages * factor }
    guard let low = values.min(), let high = values.max() else { return nil }
    // Unbounded where one of them is: the narrower one alone would claim too much.
    let bounds =
      shifts.allSatisfy(\.interval.isFinite)
      ? Interval(
        low: (shifts.map(\.interval.low).min() ?? -.infinity) * pages * factor,
        high: (shifts.map(\.interval.high).max() ?? .infinity) * pages * factor) : .unbounded
    var text = Figures.shifts(low, high, bounds)
    if bounds.isFinite, bounds.low <= 0, bounds.high >= 0 { text += " not told apart" }
    return text
  }

  private func statesText(_ states: Set<OthersState>) -> String {
    "others=" + OthersState.allCases.filter(states.contains).map(\.rawValue).joined(separator: " and ")
  }

  /// Where on the axes that are neither backing nor others.
  private struct Point: Hashable {
    private let measured: Case

    init(_ measured: Case) { self.measured = measured.without(.backing, .others) }

    /// What departs from the plain case: sequential, local memory.
    var text: String {
      let state = Axis.state.isNeutral(in: measured) ? nil : Axis.state.part(of: measured)
      let (cpuNode, memoryNode) = (measured.cpuNode, measured.memoryNode)
      let nodes = cpuNode == memoryNode ? nil : "CPU node \(cpuNode), memory node \(memoryNode)"
      return [Axis.order.words(of: measured), state, nodes].compactMap { $0.map { ", \($0)" } }.joined()
    }
  }
}
