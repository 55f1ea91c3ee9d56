// SPDX-License-Identifier: Apache-2.0
import Model

/// The named plans: how long, how precise, how large.
public enum PlanName: String, CaseIterable, Sendable {
  case quick
  case full
  case nightly

  /// Seconds for the whole run.
  public var budget: Double {
    switch self {
    case .quick: 24
    case .full: 9 * 60
    case .nightly: 28 * 60
    }
  }

  /// Relative half-width at which a group stops early.
  public var precision: Double { self == .quick ? 0.05 : 0.02 }

  /// Visits to every group. Fewer cost power faster than they save time: Student's quantile grows with each that is left
  /// out, and a comparison of many cases asks for small probabilities.
  public static let passes = 12

  /// Bytes of a block's region.
  public var regionBytes: Int { self == .quick ? 2 << 20 : 4 << 20 }

  /// `quick` measures the headline cases in both states of the others, the rest in the reproducible one, as every plan
  /// does what is detail, unless the others are its subject. Where no other CPU can be held, nothing is claimed to spin;
  /// what needs it keeps its cases, so that they say why not.
  func others(for spec: OperationSpec, otherCPUs: Int) -> [OthersState] {
    if otherCPUs == 0, spec.armAxis != .others, spec.others.contains(.idle) { return [.idle] }
    let isPlain = self == .quick && spec.armAxis == .backing && spec.tier != .headline
    guard isPlain || spec.tier == .detail && spec.armAxis != .online else { return spec.others }
    return spec.others.contains(.spin) ? [.spin] : spec.others
  }

  /// A figure that does not repeat is worth less than none: `quick` measures what the answer rests on, and the rest where
  /// it is asked for. What is detail is asked for by its own name, or by its benchmark's where that has nothing else.
  func leavesOut(_ spec: OperationSpec, _ selection: Selection) -> Bool {
    guard self == .quick, selection.operations?.contains(spec.name) != true else { return false }
    let isNamed = selection.benchmarks?.contains(spec.benchmark) == true
    switch spec.tier {
    case .headline, .answer: return false
    case .further: return !isNamed
    case .detail:
      return !isNamed || Catalogue.specs.contains { $0.benchmark == spec.benchmark && $0.tier != .detail }
    }
  }
}
