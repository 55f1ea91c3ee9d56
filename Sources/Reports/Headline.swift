// SPDX-License-Identifier: Apache-2.0
import Model

/// The first line: what a reader who came for the flag's figures must know before any of them.
public enum Headline {
  /// Nil where an arm with the flag has a figure.
  public static func render(_ report: RunReport) -> String? {
    let removing = report.summaries.filter(\.measuredCase.backing.removesDirectMap)
    guard !removing.contains(where: { $0.hasFigure && !$0.measuredCase.backing.isProxy }) else { return nil }
    let flag = "GUEST_MEMFD_FLAG_NO_DIRECT_MAP"
    var whyNoFlag = reason(removing, ofFirst: { $0.removesDirectMap && !$0.isProxy })
    if !whyNoFlag.contains(flag) { whyNoFlag = "\(flag): \(whyNoFlag)" }
    if removing.contains(where: \.hasFigure) {
      return
        "\(whyNoFlag); memfd_secret stands in for it: its pages leave the direct map too"
    }
    let whyNoProxy = reason(removing, ofFirst: \.isProxy)
    return "nothing measured here leaves the direct map: \(whyNoFlag); memfd_secret: \(whyNoProxy)"
  }

  /// Of the first such backing that was among the cases.
  private static func reason(_ summaries: [Summary], ofFirst isMeant: (Backing) -> Bool) -> String {
    Backing.allCases.lazy.filter(isMeant).compactMap { reason(summaries, of: $0) }.first
      ?? "not among the cases of this run"
  }

  /// The reason that most of a backing's cases name, with its remedy; the first of equally frequent ones. Some
  /// cases have reasons of their own (a benchmark that does not fit the backing), which explain less.
  private static func reason(_ summaries: [Summary], of backing: Backing) -> String? {
    let reasons = summaries.filter { $0.measuredCase.backing == backing }
      .map { $0.reason ?? "\($0.status.rawValue), without a figure" }
    var best: (reason: String, count: Int)?
    for reason in reasons {
      let count = reasons.count { $0 == reason }
      if count > best?.count ?? 0 { best = (reason, count) }
    }
    return best?.reason
  }
}
