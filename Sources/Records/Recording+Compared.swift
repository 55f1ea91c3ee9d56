// SPDX-License-Identifier: Apache-2.0
import Experiment
import Statistics

extension Recording {
  /// What was recorded of each case, for a comparison with another recording.
  ///
  /// - Throws: ``CSVFailure`` where a row of the summary holds what is no number.
  public func comparedCases() throws(CSVFailure) -> [RecordedCase] {
    var cases: [RecordedCase] = []
    for entry in entries {
      var recorded = RecordedCase(
        key: entry.key, unit: entry.row?["unit"] ?? "", evidence: try evidence(entry),
        effect: try effect(entry))
      for trait in RecordedCase.Trait.allCases {
        let text =
          switch trait {
          case .machine: entry.row?["machine_key"]
          case .kernel: entry.row?["kernel_release"]
          case .abi: entry.row?["abi"]
          case .flush: entry.row?["flush"]
          case .clock: context?.clock.name
          case .method: entry.row?["method"]
          case .pageBytes: entry.row?["page_bytes"]
          }
        if let text, !text.isEmpty { recorded.traits[trait] = text }
      }
      cases.append(recorded)
    }
    return cases
  }

  private func effect(_ entry: Entry) throws(CSVFailure) -> RecordedCase.Evidence {
    guard let row = entry.row, !entry.hasFailed, let baseline = self.entry(for: row["baseline"]) else {
      return .none("no baseline")
    }
    let ratios = entry.series.ratios(to: baseline.series)
    if !ratios.isEmpty { return .blocks(ratios) }
    guard case .none = entry.blocks, let ratio = try row.number("ratio") else { return .none("no ratio") }
    let low = try row.number("ratio_low") ?? -.infinity
    return .summary(p50: ratio, Interval(low: low, high: try row.number("ratio_high") ?? .infinity))
  }

  private func evidence(_ entry: Entry) throws(CSVFailure) -> RecordedCase.Evidence {
    if !entry.hasFailed {
      let medians = Array(entry.series.medians.values)
      if !medians.isEmpty { return .blocks(medians) }
      if case .none = entry.blocks, let row = entry.row, let p50 = try row.number("p50") {
        let low = try row.number("p50_low") ?? -.infinity
        return .summary(p50: p50, Interval(low: low, high: try row.number("p50_high") ?? .infinity))
      }
    }
    guard let row = entry.row, entry.hasFailed || !row["reason"].isEmpty else {
      return .none("no block that counts")
    }
    return .none([row["status"], row["reason"]].filter { !$0.isEmpty }.joined(separator: ": "))
  }
}
