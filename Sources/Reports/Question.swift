// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// One thing a host operator pays for, and the rows that tell how much.
struct Question {
  let text: String
  private let benchmark: String
  private let operation: String
  /// How often the value of a page is paid.
  private let factor: Double

  static func all(held: Int) -> [Question] {
    [
      Question(text: "populate by host", benchmark: "fault-in", operation: "touch", factor: 1),
      Question(text: "populate by guest", benchmark: "guest-fault", operation: "touch", factor: 1),
      Question(text: "free", benchmark: "free", operation: "unmap-last-reference", factor: 1),
      Question(
        text: held == 1 ? "taken from other CPU" : "taken from \(held) other CPUs",
        benchmark: "tlb-flush",
        operation: "bystander", factor: Double(held)),
    ]
  }

  /// What the memory that leaves the direct map costs, beside its baseline. `spin` and `idle` are never pooled: a figure
  /// that was measured in both is the range between them, and its bounds enclose both intervals.
  struct Reply {
    /// The lowest and the highest total of the baseline's rows.
    var baseline: [Double]
    /// What the arm adds, likewise; from the differences of the rounds' means.
    var added: [Double]
    /// 95 %, around all of what is added.
    var addedInterval: Interval
    /// Of the medians, likewise; empty where a value is zero.
    var ratios: [Double]
    var ratioInterval: Interval
    var isPartial: Bool
  }

  /// The question's rows at one point of the other axes, the first measured: figures of different nodes or sizes are no
  /// range. Rows of several threads do not count, because pages that they take in at once do not take the sum of their
  /// times.
  func rows(_ summaries: [Summary]) -> [Summary] {
    let asked = summaries.filter {
      $0.measuredCase.benchmark == benchmark && $0.measuredCase.operation == operation
        && $0.armAxis == .backing && $0.measuredCase.threads == 1
    }
    guard let first = asked.first(where: \.hasFigure)?.measuredCase.without(.backing, .others) else {
      return asked
    }
    return asked.filter { !$0.hasFigure || $0.measuredCase.without(.backing, .others) == first }
  }

  /// - Parameter pages: by how many pages a page's value is multiplied.
  func reply(_ rows: [Summary], of backing: Backing, pages: Double) -> Reply? {
    let arm = rows.filter { $0.hasFigure && $0.measuredCase.backing == backing && $0.meanShift != nil }
    guard !arm.isEmpty else { return nil }
    let scale = pages * factor
    let shifts = arm.compactMap(\.meanShift)
    let ratios = arm.compactMap { $0.effect?.adjustedRatio ?? $0.effect?.ratio }
    return Reply(
      baseline: totals(rows, of: arm.compactMap(\.baseline), scale),
      added: Self.ends(shifts.map { $0.value * scale }),
      addedInterval: Self.hull(shifts.map(\.interval), scale),
      ratios: ratios.count == arm.count ? Self.ends(ratios.map(\.value)) : [],
      ratioInterval: Self.hull(ratios.map(\.interval), 1),
      isPartial: arm.contains { $0.status == .partial })
  }

  /// The lowest and the highest total of these cases.
  func totals(_ rows: [Summary], of cases: [Case], pages: Double) -> [Double] {
    totals(rows, of: cases, pages * factor)
  }

  private func totals(_ rows: [Summary], of cases: [Case], _ scale: Double) -> [Double] {
    let means = rows.filter { $0.hasFigure && cases.contains($0.measuredCase) }.compactMap(\.samples.mean)
    return Self.ends(means.map { $0 * scale })
  }

  private static func ends(_ values: [Double]) -> [Double] {
    guard let low = values.min(), let high = values.max() else { return [] }
    return low == high ? [low] : [low, high]
  }

  /// Unbounded where one of them is: the narrower one alone would claim too much.
  private static func hull(_ intervals: [Interval], _ scale: Double) -> Interval {
    guard intervals.allSatisfy(\.isFinite), let low = intervals.map(\.low).min(),
      let high = intervals.map(\.high).max()
    else { return .unbounded }
    return Interval(low: low * scale, high: high * scale)
  }
}
