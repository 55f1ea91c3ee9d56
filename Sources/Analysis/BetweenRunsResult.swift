// SPDX-License-Identifier: Apache-2.0

/// What comparisons of runs came to between which nothing changed: every verdict is a false one.
public struct BetweenRunsResult: Sendable {
  public var comparisons: Int
  /// Comparisons that give any verdict: a compare of such runs ends with a status that is no 0.
  public var withVerdicts: Int
  /// The most of those that a correct tool is allowed.
  public var allowedWithVerdicts: Int
  /// Cases judged, over all comparisons.
  public var judged: Int
  /// Of those slower or faster, and how many are allowed: 5 %, but one.
  public var verdicts: Int
  public var allowedVerdicts: Int { max(1, Int(Comparison.errorRate * Double(judged))) }
  /// Of those shown not to have changed.
  public var same: Int
  /// Of those whose own 95 % interval excludes "no change".
  public var excluding: Int
  /// Cases that could not be judged, over all comparisons.
  public var unjudged: Int
  /// The rows that claim a change.
  public var falseRows: [Comparison.Row]

  /// No more false verdicts than a correct tool has.
  public var passes: Bool {
    withVerdicts <= allowedWithVerdicts && verdicts <= allowedVerdicts
  }

  /// - Returns: nil where no case could be judged.
  public init?(_ compared: [Comparison]) {
    let rows = compared.flatMap(\.rows)
    let tested = rows.filter { $0.pValue != nil }
    guard !tested.isEmpty else { return nil }
    let claims: (Comparison.Row) -> Bool = { [.slower, .faster].contains($0.verdict) }
    comparisons = compared.count
    withVerdicts = compared.count { $0.rows.contains(where: claims) }
    allowedWithVerdicts = SelfcheckResult.allowed(of: compared.count)
    judged = tested.count
    verdicts = tested.count(where: claims)
    same = tested.count { $0.verdict == .same }
    excluding = tested.count { !$0.judged.location.interval().contains(0) }
    unjudged = rows.count - tested.count
    falseRows = tested.filter(claims)
  }
}
