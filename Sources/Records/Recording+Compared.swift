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
        key: entry.key, unit: entry.row?["unit"] ?? "", evidence: try evidence(entry))
      for trait in RecordedCase.Trait.allCases {
        let text =
          switch trait {
          case .machine: entry.row?["machine_key"]
          case .kernel: entry.row?["kernel_release"]
          case .abi: entry.row?["abi"]
          case .flush: entry.row?["flush"]
          case .clock: clock
          case .method: entry.row?["method"]
          case .pageBytes: entry.row?["page_bytes"]
          }
        if let text, !text.isEmpty { recorded.traits[trait] = text }
      }
      cases.append(recorded)
    }
    return cases
  }

  private func evidence(_ entry: Entry) throws(CSVFailure) -> RecordedCase.Evidence {
    if entry.hasFailed, let row = entry.row { return .none("\(row["status"]): \(row["reason"])") }
    let medians = Array(entry.series.medians.values)
    if !medians.isEmpty { return .blocks(medians) }
    guard case .none = entry.blocks, let row = entry.row else { return .none("no block that counts") }
    guard let p50 = try row.number("p50") else {
      return .none(row["reason"].isEmpty ? "no figure" : "\(row["status"]): \(row["reason"])")
    }
    return .summary(
      p50: p50,
      Interval(low: try row.number("p50_low") ?? -.infinity, high: try row.number("p50_high") ?? .infinity))
  }
}
