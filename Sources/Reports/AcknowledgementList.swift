// SPDX-License-Identifier: Apache-2.0
import Analysis

/// What `history acknowledge` says: a line each.
public enum AcknowledgementList {
  public static func render(_ acknowledgements: [Acknowledgement]) -> String {
    guard !acknowledgements.isEmpty else { return "nothing is acknowledged\n" }
    var table = TextTable([.right, .left, .left, .left, .left], indent: 0)
    for one in acknowledgements {
      table.row([
        one.id.map { "\($0)" } ?? "", one.series.key,
        one.kind == .effect ? "against the baseline" : "by itself", "by \(one.latest)", one.note,
      ])
    }
    return table.render(Style(color: false))
  }
}
