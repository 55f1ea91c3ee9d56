// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

extension ComparisonReport {
  /// What differs between the runs, and what weakens the comparison, as findings.
  public static func findings(_ comparison: Comparison) -> [Finding] {
    runs(comparison) + differences(comparison) + evidence(comparison) + otherStates(comparison)
  }

  /// Of the runs as a whole.
  private static func runs(_ comparison: Comparison) -> [Finding] {
    let (old, new) = (comparison.old, comparison.new)
    var findings: [Finding] = []
    let both = old.compactMap(\.runID).filter { id in !id.isEmpty && new.contains { $0.runID == id } }
    for id in Set(both).sorted() {
      findings.append(
        Finding(.warning, "run '\(id)' is on both sides: a run is compared with itself, which hides a change")
      )
    }
    for run in old + new where run.isPartial {
      findings.append(
        Finding(
          .warning, "\(run.name) was cut short: its cases have fewer passes than planned, or none",
          remedy: "measure it again"))
    }
    for run in old + new where run.lacksPasses {
      findings.append(
        Finding(
          .note,
          "\(run.name) has no passes: its interval is taken from stretches of its rounds, and is wider"))
    }
    findings += distance(comparison)
    for fact in ComparedRun.Fact.allCases {
      let sides = [old, new].map { side in
        side.compactMap { $0.facts[fact] }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      }
      guard !sides.contains(where: \.isEmpty), Set(sides[0] + sides[1]).count > 1 else { continue }
      let texts = sides.map { $0.joined(separator: ", ") }
      findings.append(
        Finding(
          fact == .passes ? .note : .warning,
          "the \(fact.rawValue) differs: \(texts[0]) in OLD, \(texts[1]) in NEW\(meaning(fact))"))
    }
    return findings
  }

  /// Of one run a side that lie so far apart that the machine may have become another one.
  private static func distance(_ comparison: Comparison) -> [Finding] {
    guard comparison.secondsApart > Comparison.mostSecondsApart else { return [] }
    let apart =
      comparison.secondsApart.isFinite
      ? "the runs started \(Int((comparison.secondsApart / 60).rounded())) minutes apart"
      : "it is not recorded when the runs started"
    return [
      Finding(
        .note, "\(apart): intervals are wider by what a machine may drift meanwhile",
        remedy: "measure both sides in turn, several runs of each, or keep a history (--database)")
    ]
  }

  private static func meaning(_ fact: ComparedRun.Fact) -> String {
    switch fact {
    case .version: "; a change may be of gmembench itself"
    case .plan: "; a case that both have is compared"
    case .passes: "; the side with fewer is known less well"
    }
  }

  private static func differences(_ comparison: Comparison) -> [Finding] {
    comparison.differences.map { difference in
      Finding(
        .warning,
        "\(difference.trait.rawValue) differs in \(cases(difference.cases)): \(difference.old) in OLD, "
          + "\(difference.new) in NEW",
        remedy: axis(difference.trait).map { "if that is what you compare: --across \($0.rawValue)" })
    }
  }

  private static func axis(_ trait: RecordedCase.Trait) -> Comparison.Axis? {
    switch trait {
    case .kernel: .kernel
    case .abi: .abi
    case .flush: .flush
    case .machine, .clock, .method, .pageBytes, .baseline: nil
    }
  }

  /// Of what the rows rest on.
  private static func evidence(_ comparison: Comparison) -> [Finding] {
    var findings: [Finding] = []
    let weak = comparison.rows.count(where: \.value.isWeak)
    if weak > 0 {
      findings.append(
        Finding(
          .warning,
          "\(cases(weak)) compared by summaries alone, which is weaker: the interval goes from corner to corner of two",
          remedy: "compare the run folders, whose blocks.csv tells more"))
    }
    if comparison.incomplete > 0 {
      findings.append(
        Finding(
          .note,
          "\(cases(comparison.incomplete)) without a figure in some of the runs: the others are compared"))
    }
    let unknown = comparison.rows.count { $0.unit.isEmpty }
    if unknown > 0 { findings.append(Finding(.note, "the unit of \(cases(unknown)) was not recorded")) }
    if comparison.otherArms > 0 {
      findings.append(
        Finding(
          .note,
          "\(cases(comparison.otherArms)) left out as the other arm: flush=off is taken from OLD, flush=on from NEW"
        ))
    }
    return findings
  }

  /// Cases that would be the same but for what their blocks found.
  private static func otherStates(_ comparison: Comparison) -> [Finding] {
    let old = Dictionary(comparison.missing.map { (split($0).rest, split($0).state) }) { first, _ in first }
    let pairs = comparison.added.compactMap { key in
      old[split(key).rest].map { (old: $0, new: split(key).state) }
    }
    guard let first = pairs.first else { return [] }
    return [
      Finding(
        .warning,
        "\(cases(pairs.count)) found another state before each block: \(first.old) in OLD, \(first.new) in NEW; these are "
          + "not compared", remedy: "measure both sides with one --state, by one version of gmembench")
    ]
  }

  private static func split(_ key: String) -> (rest: String, state: String) {
    let own = CaseKey(key)
    return (own.without(.state).text, own[.state].map { "state=\($0)" } ?? "none that is named")
  }
}
