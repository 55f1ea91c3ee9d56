// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

/// What the blocks of a case show beside their centre: that they drift or fall into two modes, with the
/// counter that goes with it.
public struct Diagnosis {
  private let name: String
  private let series: BlockSeries
  /// How likely one row may be to be accused falsely, so that a run of many rows is seldom wrong.
  private let level: Double

  /// Modes or ends closer than this, relative to the lower, are of no consequence.
  private static let leastDistance = 0.1
  /// With fewer blocks a pattern is luck.
  private static let leastBlocks = 12
  /// More values than these are taken together for a trend, whose test looks at all pairs.
  private static let mostForTrend = 200

  /// What a reader of a run's rows must know.
  ///
  /// - Parameter rows: each case's blocks.
  public static func findings(_ rows: [(measured: Case, series: BlockSeries)]) -> [Finding] {
    // Of a selfcheck the replicas together are the answer.
    let rows = rows.filter { $0.series.blocks >= leastBlocks && $0.measured.replica == nil }
    let level = 0.05 / Double(max(rows.count, 1))
    let diagnoses = rows.map { Diagnosis(name: $0.measured.name, series: $0.series, level: level) }
    return shortened(diagnoses.compactMap(\.modes) + diagnoses.compactMap(\.drift))
  }

  /// What one row shows, and what it has in common with others that show it.
  private struct Sign {
    var kind: String
    var finding: Finding
  }

  /// One finding of each kind stands for all.
  private static func shortened(_ signs: [Sign]) -> [Finding] {
    var findings: [Finding] = []
    var counts: [String: (place: Int, more: Int)] = [:]
    for sign in signs {
      if let first = counts[sign.kind] {
        counts[sign.kind] = (first.place, first.more + 1)
      } else {
        counts[sign.kind] = (findings.count, 0)
        findings.append(sign.finding)
      }
    }
    for (place, more) in counts.values where more > 0 {
      findings[place].what += " (and \(more) rows like it)"
    }
    return findings
  }

  private var medians: [Double] { series.history.map(\.median) }

  private var modes: Sign? {
    // Levels of whole passes are the row's own to say.
    guard series.levels.isEmpty, let found = Statistics.modes(of: medians), found.lowerCenter > 0,
      case let distance = found.upperCenter / found.lowerCenter - 1, distance >= Self.leastDistance
    else { return nil }
    return sign(
      "modes",
      "blocks fall into two modes \(percent(distance)) apart, \(medians.count - found.upperCount) and "
        + "\(found.upperCount) of them", isSlow: found.isUpper)
  }

  private var drift: Sign? {
    let values = condensed(medians)
    guard let trend = trend(of: values), trend.pValue < level, let center = median(values), center > 0,
      case let change = trend.slope * Double(values.count - 1) / center, abs(change) >= Self.leastDistance
    else { return nil }
    let isLate = medians.indices.map { $0 >= medians.count / 2 }
    return sign(
      "drift", "blocks \(change > 0 ? "rise" : "fall") by \(percent(abs(change))) from first to last",
      isSlow: change > 0 ? isLate : isLate.map { !$0 })
  }

  /// Medians of neighbours, so that no more are left than a trend can take.
  private func condensed(_ values: [Double]) -> [Double] {
    let size = (values.count + Self.mostForTrend - 1) / Self.mostForTrend
    return stride(from: 0, to: values.count, by: max(size, 1)).compactMap {
      median(Array(values[$0..<min($0 + size, values.count)]))
    }
  }

  /// A pattern in time, with the counter that is higher where blocks are slow, the surest of several.
  private func sign(_ kind: String, _ what: String, isSlow: [Bool]) -> Sign {
    var best: (trait: BlockTrait, pValue: Double, slow: Double, fast: Double)?
    for (place, trait) in BlockTrait.all.enumerated() {
      let values = series.history.map { $0.traits[place] }
      guard !values.contains(nil) else { continue }
      let known = values.compactMap { $0 }
      let slow = zip(known, isSlow).filter(\.1).map(\.0)
      let fast = zip(known, isSlow).filter { !$0.1 }.map(\.0)
      let means = (slow: Self.mean(slow), fast: Self.mean(fast))
      guard means.slow > means.fast, let test = mannWhitneyTest(baseline: fast, values: slow),
        test.pValue < 0.01 / Double(BlockTrait.all.count), test.pValue < best?.pValue ?? 1
      else { continue }
      best = (trait, test.pValue, means.slow, means.fast)
    }
    guard let best else {
      return Sign(
        kind: kind,
        finding: Finding(
          .note,
          "\(name): \(what); no counter of ours goes with it: CPU frequency, where memory lay, or a neighbour on "
            + "the same hardware", remedy: "gmembench doctor; repeat on a quieter machine"))
    }
    return Sign(
      kind: "\(kind) by \(best.trait.name)",
      finding: Finding(
        .note,
        "\(name): \(what); slow blocks have more \(best.trait.name) (\(tenths(best.slow)) a block against "
          + "\(tenths(best.fast)))", remedy: best.trait.remedy))
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(values.count, 1))
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

/// A counter that may explain why a block was slow.
struct BlockTrait: Sendable {
  var name: String
  var remedy: String?
  var value: @Sendable (Counters) -> Double?

  static let all = [
    BlockTrait(
      name: "huge direct-map entries split", remedy: "--direct-map split keeps them out of the blocks"
    ) { $0.splits.map(Double.init) },
    BlockTrait(name: "time stolen by the hypervisor", remedy: "a host that is not shared, or a quieter time")
    {
      $0.stolenTicks.map(Double.init)
    },
    BlockTrait(
      name: "context switches", remedy: "stop what else runs on the measuring CPU, or choose one: --cpu"
    ) {
      $0.contextSwitches.map(Double.init)
    },
    BlockTrait(name: "migrations", remedy: "something moves the measuring thread off its CPU") {
      $0.migrations.map(Double.init)
    },
    BlockTrait(name: "timer interrupts", remedy: "expected of longer blocks; nohz_full= quiets a CPU") {
      $0.localTimerInterrupts.map { Double($0.reduce(0, +)) }
    },
    BlockTrait(name: "function call interrupts", remedy: "other work flushes TLBs: a quieter machine") {
      $0.calInterrupts.map { Double($0.reduce(0, +)) }
    },
    BlockTrait(name: "page faults", remedy: nil) { $0.minorFaults.map(Double.init) },
  ]
}

extension Case {
  /// `fault-in touch memfd_secret, others=spin`.
  fileprivate var name: String {
    "\(benchmark) \(operation) \(backing.rawValue), others=\(others.rawValue)"
      + (threads > 1 ? ", threads=\(threads)" : "") + (flush.map { ", flush=\($0.rawValue)" } ?? "")
      + (batch.map { ", batch=\($0)" } ?? "") + (cycle.map { ", cycle=\($0)" } ?? "")
  }
}
