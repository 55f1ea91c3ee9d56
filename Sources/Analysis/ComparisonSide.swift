// SPDX-License-Identifier: Apache-2.0
import Model

/// One of the two sides of a comparison: its runs, their cases by what they are matched by.
struct ComparisonSide {
  /// A case of one of the runs.
  struct Occurrence {
    var run: ComparedRun
    var recorded: RecordedCase
  }

  /// What its runs left of one case; at least one entry.
  typealias Cases = [Occurrence]

  private(set) var cases: [String: Cases] = [:]
  private(set) var order: [String] = []
  /// Keys that several cases of one run have without the flush, and which.
  private(set) var ambiguous: [String: [String]] = [:]
  private(set) var otherArms = 0

  init(_ runs: [ComparedRun], acrossFlush: Bool, arm: FlushSetting) {
    for run in runs {
      var own: [String: [RecordedCase]] = [:]
      for one in run.cases {
        let key = acrossFlush ? CaseKey(one.key).without(.flush).text : one.key
        if own[key] == nil, cases[key] == nil { order.append(key) }
        own[key, default: []].append(one)
      }
      for (key, arms) in own {
        var chosen = arms
        if acrossFlush, arms.count > 1 {
          let meant = arms.filter { CaseKey($0.key)[.flush] == arm.rawValue }
          if meant.count == 1 {
            otherArms += arms.count - 1
            chosen = meant
          }
        }
        if chosen.count > 1 { ambiguous[key] = chosen.map(\.key) }
        cases[key, default: []] += chosen.map { Occurrence(run: run, recorded: $0) }
      }
    }
  }
}

extension [ComparisonSide.Occurrence] {
  /// Those that have figures.
  var measured: Self { filter { if case .none = $0.recorded.evidence { false } else { true } } }

  /// Why there is none, once each.
  var reasons: String {
    var reasons: [String] = []
    for one in self {
      if case .none(let reason) = one.recorded.evidence, !reasons.contains(reason) { reasons.append(reason) }
    }
    return reasons.joined(separator: "; ")
  }

  /// What its runs recorded of a trait, in their order, once each.
  func texts(_ trait: RecordedCase.Trait) -> [String] {
    var texts: [String] = []
    for text in compactMap({ $0.recorded.traits[trait] }) where !texts.contains(text) { texts.append(text) }
    return texts
  }

  /// The first unit that one of them recorded; empty where none did.
  var unit: String { lazy.map(\.recorded.unit).first { !$0.isEmpty } ?? "" }
}
