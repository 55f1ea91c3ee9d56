// SPDX-License-Identifier: Apache-2.0
import Model

/// What the figures for a GiB rest on, and what they leave out.
enum Conditions {
  /// A line each, ended by a line feed.
  static func render(_ report: RunReport) -> String { frames(report) + pageTables(report) }

  /// What blocks found, where that is not what a large region finds.
  private static func frames(_ report: RunReport) -> String {
    let cold = report.summaries.first {
      $0.hasFigure && $0.measuredCase.state == .cold && $0.measuredCase.directMap != .cold
    }
    guard let cold else { return "" }
    let bytes = cold.measuredCase.pages * max(1, report.context.pageBytes)
    return
      "blocks of \(size(bytes)) take frames that were kept for them: in no cache, in random order; a whole GiB on a fresh "
      + "host may differ\n"
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
