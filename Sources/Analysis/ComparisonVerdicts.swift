// SPDX-License-Identifier: Apache-2.0
import Glibc
import Statistics

extension Comparison {
  /// The rate of false discoveries among a comparison's verdicts, and the error of one claim of "no change".
  public static let errorRate = 0.05

  /// Verdicts of all rows together: one in twenty of those given is false at most, on average. Rows that no data could
  /// have decided are no tests.
  mutating func judge() {
    let tested = rows.indices.filter { index in
      let change = rows[index].judged
      return change.isKnown && change.location.standardError.isFinite
    }
    // Cases of one run depend on each other positively: the arms share a baseline, the passes a machine.
    let pValues = falseDiscoveryAdjusted(tested.map { rows[$0].judged.location.pValue(of: 0) })
    for (index, pValue) in zip(tested, pValues) {
      rows[index].pValue = pValue
      rows[index].verdict = verdict(rows[index], pValue)
    }
  }

  /// A change is shown where its p-value says so, and matters where it is beyond the threshold: of the older value, where
  /// values have no ratio. Beside an older value of 0 every change matters.
  private func verdict(_ row: Row, _ pValue: Double) -> Verdict {
    let change = row.judged
    let location = change.location
    let size = change.isRatio ? exp(location.value) - 1 : location.value
    let margin = change.isRatio ? threshold : threshold * abs(row.old)
    if pValue <= Self.errorRate, abs(size) > margin { return size > 0 ? .slower : .faster }
    if location.standardError == 0, location.value == 0 { return .same }
    let within = change.isRatio ? log(1 + threshold) : margin
    return equivalence(location, within: within) <= Self.errorRate ? .same : .undecided
  }

  /// Rows that got slower beyond the threshold, the worst first.
  public var regressions: [Row] {
    rows.filter { $0.verdict == .slower }.sorted { size($0) > size($1) }
  }

  private func size(_ row: Row) -> Double { row.judged.isRatio ? row.judged.estimate.value : .infinity }

  public func count(_ verdict: Verdict) -> Int { rows.count { $0.verdict == verdict } }

  /// Rows that a verdict could have been given on.
  public var testedRows: Int { rows.count { $0.pValue != nil } }

  /// Rows of which nothing tells how much runs of this machine differ.
  public var unknownRows: Int { rows.count(where: \.isUnknown) }

  /// Rows with too few passes or blocks for an interval.
  public var unboundedRows: Int { rows.count { !$0.isUnknown && $0.pValue == nil } }

  /// Rows judged at the common state of the machine, not at the one that their runs happened to have.
  public var adjustedRows: Int { rows.count { $0.judged.isAdjusted && !$0.isUnknown } }

  /// Rows that are judged by their values, slower or faster, while their ratio to another arm shows no change beyond
  /// the threshold: they moved with what all arms share, as the machine or the whole kernel moves.
  public var movedTogether: Int {
    rows.count { row in
      guard row.basis == .value, [.slower, .faster].contains(row.verdict), let relative = row.relative else {
        return false
      }
      let ratio = relative.estimate
      return abs(ratio.value - 1) <= threshold || ratio.interval.contains(1)
    }
  }

  /// By how much the values of rows that are judged by a ratio differ, median: what all arms share, which their
  /// verdicts say nothing of. Nil without such rows.
  public var sharedChange: Double? {
    median(rows.filter { $0.basis != .value && $0.value.isRatio }.map { $0.value.estimate.value })
  }
}
