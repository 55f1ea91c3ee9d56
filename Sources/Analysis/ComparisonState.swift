// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

extension Comparison {
  /// What a probe said on the two sides, ns.
  public struct ProbeShift: Hashable, Sendable {
    public var kind: Probes.Kind
    public var old: Double
    public var new: Double

    /// NEW / OLD - 1.
    public var change: Double { new / old - 1 }
  }

  /// A difference of a probe's times that is worth a line.
  public static let leastShift = 0.02

  /// The probes by side, those that every run has.
  static func probeShifts(_ old: [ComparedRun], _ new: [ComparedRun]) -> [ProbeShift] {
    zip(Probes.Kind.allCases, zip(state(of: old), state(of: new))).compactMap { kind, states in
      guard let before = states.0, let after = states.1 else { return nil }
      return ProbeShift(kind: kind, old: exp(before), new: exp(after))
    }
  }

  /// In the middle between the two sides, by the mean of each side's runs.
  static func commonState(_ old: [ComparedRun], _ new: [ComparedRun]) -> [Double?] {
    zip(state(of: old), state(of: new)).map { before, after in
      before.flatMap { before in after.map { (before + $0) / 2 } }
    }
  }

  /// Means over runs; nil for a probe that one of them lacks.
  private static func state(of runs: [ComparedRun]) -> [Double?] {
    Probes.Kind.allCases.map { kind in
      let values = runs.compactMap {
        $0.state.indices.contains(kind.rawValue) ? $0.state[kind.rawValue] : nil
      }
      guard !values.isEmpty, values.count == runs.count else { return nil }
      return values.reduce(0, +) / Double(values.count)
    }
  }
}

extension Comparison {
  /// Levels that the passes of a case jump between, and how many of each side's are in which.
  public struct Levels: Hashable, Sendable {
    /// In the case's unit, from the lowest up.
    public var centers: [Double]
    /// By level.
    public var old: [Int]
    public var new: [Int]
  }

  /// Where most passes of NEW sit in another level than most of OLD, and a side has passes in several: a change of the
  /// kernel moves all of a run's passes.
  static func levels(_ old: ComparisonSide.Cases, _ new: ComparisonSide.Cases) -> Levels? {
    let sides = [old, new].map { side in side.compactMap(\.recorded.series).flatMap(\.passLogarithms) }
    guard let found = passLevels(of: sides[0] + sides[1]) else { return nil }
    func counts(_ levels: ArraySlice<Int>) -> [Int] {
      found.centers.indices.map { level in levels.count { $0 == level } }
    }
    let levels = Levels(
      centers: found.centers.map { exp($0) }, old: counts(found.level.prefix(sides[0].count)),
      new: counts(found.level.dropFirst(sides[0].count)))
    func usual(_ counts: [Int]) -> Int? { counts.indices.max { counts[$0] < counts[$1] } }
    let jumps = [levels.old, levels.new].contains { $0.count { $0 > 0 } > 1 }
    return jumps && usual(levels.old) != usual(levels.new) ? levels : nil
  }
}

extension BlockSeries {
  /// Logarithms of the passes' values; none where a median has none, or there were no passes.
  fileprivate var passLogarithms: [Double] {
    guard places.values.allSatisfy({ $0.pass != nil }), medians.values.allSatisfy({ $0 > 0 }) else {
      return []
    }
    return passMeans { medians[$0].map { log($0) } }.map(\.value)
  }
}
