// SPDX-License-Identifier: Apache-2.0
import Analysis
import FoundationEssentials
import Model
import Statistics

extension Recording {
  /// The run for a comparison with other runs.
  ///
  /// - Throws: ``CSVFailure`` where a row of the summary holds what is no number.
  public func comparedRun() throws(CSVFailure) -> ComparedRun {
    var cases: [RecordedCase] = []
    for entry in entries {
      var recorded = RecordedCase(
        key: entry.key, unit: entry.row?["unit"] ?? "", evidence: try evidence(entry),
        baseline: baseline(entry), ratio: try ratio(entry))
      for trait in RecordedCase.Trait.allCases {
        if let text = text(trait, entry), !text.isEmpty { recorded.traits[trait] = text }
      }
      cases.append(recorded)
    }
    let isPartial =
      context?.status == CaseStatus.partial.rawValue
      || entries.contains { $0.row?["status"] == CaseStatus.partial.rawValue }
    return ComparedRun(
      name: path, runID: runID, startedAt: startedAt, cases: cases, state: machine.center, facts: facts,
      isPartial: isPartial)
  }

  private var startedAt: Double? {
    let text = context?.startedAt ?? entries.lazy.compactMap { $0.row?["started_at"] }.first
    return text.flatMap { try? Date($0, strategy: .iso8601) }?.timeIntervalSince1970
  }

  private var facts: [ComparedRun.Fact: String] {
    var facts: [ComparedRun.Fact: String] = [:]
    facts[.version] = context?.version
    facts[.plan] = context?.plan
    let passes = entries.lazy.flatMap(\.series.places.values).compactMap(\.pass).max()
    facts[.passes] = passes.map(String.init)
    return facts
  }

  private func text(_ trait: RecordedCase.Trait, _ entry: Entry) -> String? {
    switch trait {
    case .machine: entry.row?["machine_key"]
    case .kernel: entry.row?["kernel_release"]
    case .abi: entry.row?["abi"]
    case .flush: entry.row?["flush"]
    case .clock: context?.clock.name
    // The same method under its name of earlier versions.
    case .method: entry.row.map { $0["method"] == "companions' gaps" ? "bystanders' gaps" : $0["method"] }
    case .pageBytes: entry.row?["page_bytes"]
    case .baseline: baseline(entry)
    }
  }

  private func baseline(_ entry: Entry) -> String? {
    entry.row.flatMap { $0["baseline"].isEmpty ? nil : $0["baseline"] }
  }

  private func ratio(_ entry: Entry) throws(CSVFailure) -> LocationEstimate? {
    guard case .none = entry.blocks, let row = entry.row, !entry.hasFailed,
      let ratio = try row.number("ratio")
    else { return nil }
    return LocationEstimate(
      value: ratio,
      interval: Interval(
        low: try row.number("ratio_low") ?? -.infinity, high: try row.number("ratio_high") ?? .infinity))
  }

  private func evidence(_ entry: Entry) throws(CSVFailure) -> RecordedCase.Evidence {
    if !entry.hasFailed {
      let series = entry.series
      if !series.medians.isEmpty { return .blocks(series) }
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
