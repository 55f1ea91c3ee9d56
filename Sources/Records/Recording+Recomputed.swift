// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model
import Statistics

/// A baseline was asked for that no block was recorded of.
public struct UnknownCase: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ key: String, known: [String]) {
    let close = known.filter { $0.contains(key) }
    let shown = close.isEmpty ? known : close
    let more = shown.count > 5 ? "\n  and \(shown.count - 5) more" : ""
    description =
      "no blocks of a case '\(key)'; there are:\n  " + shown.prefix(5).joined(separator: "\n  ") + more
  }
}

extension Recording {
  /// The rows of the summary once more, by the code that a run's own go through; what is no figure is as it was
  /// recorded.
  ///
  /// In a folder each case is compared with the baseline that the run gave it, round by round. With samples alone
  /// (or where `baseline` asks for another one) there are no common rounds, and the effect is unpaired.
  ///
  /// - Parameter baseline: key of the case to compare all others with; nil for the run's own baselines.
  /// - Throws: ``UnknownCase`` where the baseline has no blocks.
  public func recomputed(baseline: String?) throws(UnknownCase) -> [RecomputedRow] {
    if let baseline, entry(for: baseline).map({ $0.series.blocks == 0 }) ?? true {
      throw UnknownCase(baseline, known: entries.filter { $0.series.blocks > 0 }.map(\.key))
    }
    return entries.map { entry in
      let own = entry.row.flatMap { $0["baseline"].isEmpty ? nil : $0["baseline"] }
      let against = (baseline ?? own).flatMap { $0 == entry.key ? nil : $0 }
      return RecomputedRow(
        key: entry.key, texts: texts(entry, baseline: against),
        figures: figures(entry, baseline: against, sharesRounds: against == own))
    }
  }

  private func figures(_ entry: Entry, baseline: String?, sharesRounds: Bool) -> SummaryFigures {
    guard !entry.hasFailed else { return SummaryFigures(Estimates()) }
    let other = baseline.flatMap(self.entry(for:)).map { $0.hasFailed ? BlockSeries() : $0.series }
    let estimates = entry.series.estimates(
      against: other, sharesRounds: sharesRounds, state: machine.center)
    if case .digests(let digests) = entry.blocks, !digests.keepsSamples {
      return SummaryFigures(estimates, digests: digests)
    }
    return SummaryFigures(estimates)
  }

  private func texts(_ entry: Entry, baseline: String?) -> [String: String] {
    var texts: [String: String] = [:]
    if let row = entry.row { for column in SummaryCSV.columns { texts[column] = row[column] } }
    texts["schema"] = "\(SummaryCSV.schema)"
    texts["run_id"] = runID ?? ""
    texts["case"] = entry.key
    texts["baseline"] = baseline ?? ""
    if case .digests(let digests) = entry.blocks, !digests.keepsSamples, !entry.hasFailed {
      let note = "from blocks.csv: p50 is the median of the blocks' medians"
      texts["reason"] = texts["reason"].flatMap { $0.isEmpty ? nil : "\($0); \(note)" } ?? note
    }
    return texts
  }

  /// What the recomputed figures cannot be, for want of records.
  public var limits: [Finding] {
    switch form {
    case .folder:
      let digested = entries.count {
        if case .digests(let digests) = $0.blocks { return !digests.keepsSamples && !$0.hasFailed }
        return false
      }
      guard digested > 0 else { return [] }
      return [
        Finding(
          .warning,
          "\(path) has no samples.csv: \(digested) cases are summarised from their blocks. Their p50 is the median of "
            + "the blocks' medians; stddev, p90, p99, p99_9, mad and outliers are lost. The rest is as the run's own.",
          remedy: "keep the samples of a run with --output DIR --samples DIR/samples.csv")
      ]
    case .samples:
      let folder = Files.parent(of: path)
      let isOwn = Files.mode(of: "\(folder)/blocks.csv") != nil
      return [
        Finding(
          isOwn ? .warning : .note,
          "\(path) knows neither rounds nor which blocks count: all do, those of a warm-up too, and effects are unpaired",
          remedy: isOwn ? "blocks.csv beside it knows: gmembench summarize \(folder)" : nil)
      ]
    case .summary, .blocks: return []
    }
  }
}
