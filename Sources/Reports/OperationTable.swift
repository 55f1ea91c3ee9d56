// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Records

/// Every operation in one line: the median of the baseline and of the memory that leaves the direct map, their ratio, and
/// the ratio as a bar on a logarithmic scale. The other arms, tails and reasons are in the full tables.
enum OperationTable {
  /// A line: an arm against its baseline, or why there is none.
  private struct Line {
    var label: String
    var baseline: String
    var value: String
    var effect: String
    var ratio: Double?
  }

  /// - Parameter width: no line is longer.
  static func render(_ report: RunReport, width: Int, _ style: Style) -> [String] {
    let groups = SummaryTable.groups(report.summaries)
    let lines = groups.flatMap { self.lines(of: $0) }
    guard !lines.isEmpty else { return [] }
    let counts = report.summaries.contains { $0.unit == .instructions }
    let ratios = lines.compactMap(\.ratio) + [1]
    let scale = LogScale(low: ratios.min() ?? 1, high: ratios.max() ?? 1)
    var table = TextTable([.left, .right, .right, .left], indent: 0)
    table.row(["median a page\(counts ? ", instructions" : "")", "baseline", "removed", "ratio"])
    for line in lines {
      if line.value.isEmpty {
        table.note([line.label, line.baseline], line.effect)
      } else {
        table.row([line.label, line.baseline, line.value, line.effect])
      }
    }
    let rows = table.lines(style, width: width)
    // Reasons may be as long as the line: the bars stand where figures leave room.
    let captioned = [nil] + lines.map(\.ratio)
    guard rows.count == captioned.count else { return rows }
    let start = 2 + (zip(rows, captioned).filter { $1 != nil }.map(\.0.count).max() ?? width)
    let room = min(width - start, LogScale.most)
    guard room >= LogScale.least else { return rows }
    return zip(rows, captioned).enumerated().map { index, line in
      let (row, ratio) = line
      let bar = index == 0 ? scale.caption(width: room) : ratio.map { scale.bar($0, width: room) }
      return bar.map { row + String(repeating: " ", count: max(1, start - row.count)) + $0 } ?? row
    }
  }

  private static func lines(of group: [Summary]) -> [Line] {
    guard let first = group.first else { return [] }
    let arms: [Summary?] =
      first.armAxis == .backing ? [headline(group)] : group.filter { $0.effect != nil }
    return arms.map { arm in
      let name = SummaryTable.shortHeading(arm ?? first)
      guard let arm else {
        let value = group.first(where: \.hasFigure)
        return Line(label: name, baseline: median(value), value: "", effect: "", ratio: nil)
      }
      guard arm.hasFigure else {
        let baseline = group.first { $0.hasFigure && $0.baseline == nil }
        return Line(label: name, baseline: median(baseline), value: "", effect: arm.reason ?? "", ratio: nil)
      }
      let baseline = group.first { $0.measuredCase == arm.baseline }
      let ratio = arm.effect.flatMap { $0.adjustedRatio ?? $0.ratio }
      return Line(
        label: name, baseline: median(baseline), value: median(arm), effect: effect(arm), ratio: ratio?.value)
    }
  }

  /// The flag's own memory where it was measured, else the proxy, else one of them without a figure; nil where the
  /// operation has none.
  private static func headline(_ group: [Summary]) -> Summary? {
    let removing = group.filter { $0.measuredCase.backing.removesDirectMap }
    let measured = removing.filter { $0.hasFigure && $0.effect != nil }
    return measured.first { !$0.measuredCase.backing.isProxy } ?? measured.first
      ?? removing.first { $0.measuredCase.backing.isProxy } ?? removing.first
  }

  private static func median(_ summary: Summary?) -> String {
    guard let summary, let figures = SampleFigures(summary.samples) else { return "" }
    return Figures.amount(figures.p50, summary.unit)
  }

  /// `×5.86 ±4 %`: half the width of the 95 % interval beside the ratio.
  private static func effect(_ arm: Summary) -> String {
    guard let effect = arm.effect else { return "" }
    let caution = arm.status == .unstable ? " ~" : arm.status == .partial ? " partial" : ""
    guard let ratio = effect.adjustedRatio ?? effect.ratio else {
      return Figures.shift((effect.adjustedShift ?? effect.shift).value, arm.unit) + caution
    }
    let width = ratio.interval.relativeHalfWidth(around: ratio.value)
    let reached =
      width.isFinite ? " ±\(Figures.fixed(100 * width, width < 0.0995 ? 1 : 0)) %" : " (no interval)"
    return Figures.ratio(ratio.value) + reached + caution
  }
}

/// Ratios on a logarithmic scale of characters.
private struct LogScale {
  static let least = 8
  static let most = 24

  private let low: Double
  private let high: Double

  init(low: Double, high: Double) {
    // A scale of nothing but 1 still has two ends.
    self.low = min(low, 0.999)
    self.high = max(high, 1.001)
  }

  private func position(_ ratio: Double, width: Int) -> Int {
    let share = log(max(ratio, low) / low) / log(high / low)
    return min(width - 1, max(0, Int((share * Double(width - 1)).rounded())))
  }

  /// `│───●`, with the bar from 1 to the ratio.
  func bar(_ ratio: Double, width: Int) -> String {
    guard ratio > 0 else { return "" }
    let (one, end) = (position(1, width: width), position(ratio, width: width))
    return (0...max(one, end)).map { column in
      switch column {
      case end: "●"
      case one: "│"
      case min(one, end)...max(one, end): "─"
      default: " "
      }
    }.joined()
  }

  /// Where 1 is, and the last value.
  func caption(width: Int) -> String {
    let one = position(1, width: width)
    let last = Figures.ratio(high)
    let gap = width - one - 2 - last.count
    return String(repeating: " ", count: one) + "×1"
      + (gap > 0 ? String(repeating: " ", count: gap) + last : "")
  }
}
