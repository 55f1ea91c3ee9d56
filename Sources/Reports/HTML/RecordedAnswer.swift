// SPDX-License-Identifier: Apache-2.0
import Model

/// The answer of a recorded run in sentences: what memory outside the direct map costs against the baseline, and for a
/// GiB. From the summary's figures alone: totals are the mean of all samples times the pages of a GiB.
enum RecordedAnswer {
  static func sentences(_ run: ChartRun) -> [String] {
    var sentences = [headline(run)].compactMap(\.self)
    if run.context?.status == "partial" {
      sentences.append("The run was cut short: it has what came until then.")
    }
    if run.rows.contains(where: { $0.unit == SampleUnit.instructions.rawValue }) {
      sentences.append(
        "Instructions are path lengths, the same on any machine: they say nothing of the time for a GiB.")
    }
    let removing = run.rows.filter { $0.hasFigure && $0.known?.removesDirectMap == true }
    for (words, benchmark, operation) in questions {
      let rows = removing.filter { $0.benchmark == benchmark && $0.operation == operation && $0.isPlain }
      // One point of the other axes, the first measured: figures of different nodes or sizes are several answers.
      let first = rows.first.map { point($0.key) }
      for row in rows where point(row.key) == first {
        sentences.append(sentence(row, words, run))
      }
    }
    if !removing.isEmpty, !removing.contains(where: isAsked) {
      sentences.append(
        "What the answer is made of (populating, freeing, other CPUs) was not measured in this run: see the overview."
      )
    }
    if removing.isEmpty { sentences.append("No memory outside the direct map was measured in this run.") }
    return sentences
  }

  private static let questions = [
    ("Populating by the host", "fault-in", "touch"), ("Populating by the guest", "guest-fault", "touch"),
    ("Freeing", "free", "unmap-last-reference"), ("Other CPUs", "tlb-flush", "bystander"),
  ]

  private static func isAsked(_ row: ChartRow) -> Bool {
    row.isPlain && questions.contains { $0.1 == row.benchmark && $0.2 == row.operation }
  }

  private static func point(_ key: CaseKey) -> String { key.without(.backing).without(.others).text }

  /// As `Headline` says it of a run that has just ended.
  private static func headline(_ run: ChartRun) -> String? {
    let flagged = run.rows.filter { $0.known?.removesDirectMap == true && $0.known?.isProxy == false }
    guard !flagged.contains(where: \.hasFigure) else { return nil }
    let reason =
      flagged.map(\.reason).first { !$0.isEmpty }.map(XMLText.plain)
      ?? "not among the cases of this run"
    let proxied = run.rows.contains { $0.hasFigure && $0.known?.isProxy == true }
    let what =
      proxied
      ? "Only the proxy memfd_secret removes the direct map here"
      : "Nothing measured here removes the direct map"
    return "\(what). GUEST_MEMFD_FLAG_NO_DIRECT_MAP: \(reason)."
  }

  private static func sentence(_ row: ChartRow, _ words: String, _ run: ChartRun) -> String {
    let base = run.rows.first { $0.key.text == row.baseline }
    let others = place(row, run)
    let against = base?.backingLabel ?? "its baseline"
    let from = row.isStolen ? "from each " : ""
    var text = "\(words) (\(row.title)\(others)): \(row.backingLabel) takes \(from)"
    if let ratio = row.ratio {
      text += "\(ratio.text) of what \(against) takes"
    } else if let shift = row.shift {
      text += "\(Figures.shift(shift.value, unit: row.unit)) a page against \(against)"
    } else {
      text += "\(row.p50.map { Figures.amount($0.value, unit: row.unit) } ?? "") a page; there is no baseline"
    }
    if let total = total(row) {
      text += "; for a GiB \(Figures.time(total))"
      if let before = base.flatMap(total(_:)) { text += " against \(Figures.time(before))" }
    }
    return text + "." + (row.status == "unstable" ? " The precision that was asked for was not reached." : "")
  }

  /// What the others do, and the nodes where the run has several.
  private static func place(_ row: ChartRow, _ run: ChartRun) -> String {
    let axes = [Axis.cpuNode, .memoryNode].filter { axis in Set(run.rows.map { $0.key[axis] }).count > 1 }
    let parts = ([.others] + axes).compactMap { axis in row.key[axis].map { "\(axis.name)=\($0)" } }
    return parts.map { ", \(XMLText.plain($0))" }.joined()
  }

  /// Nanoseconds for a GiB.
  private static func total(_ row: ChartRow) -> Double? {
    guard row.unit == SampleUnit.nanoseconds.rawValue, let mean = row.mean, let bytes = row.pageBytes,
      bytes > 0
    else { return nil }
    return mean * Double((1 << 30) / bytes)
  }
}

extension ChartRow {
  /// Its backing where it is one of ours.
  var known: Backing? { Backing(rawValue: backing) }

  /// One thread, and nothing of what arms other than backings differ in.
  fileprivate var isPlain: Bool {
    let isSerial = key[.threads].map { $0 == "1" } ?? true
    return isSerial && [Axis.flush, .batch, .cycle, .busy, .online, .replica].allSatisfy { key[$0] == nil }
  }
}
