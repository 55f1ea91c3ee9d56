// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

extension Summary {
  /// What tells this arm from the others of its group.
  var armLabel: String {
    let axis = armAxis.axis
    guard axis != .backing else { return measuredCase.backing.label }
    return (armAxis.isCurve ? "\(measuredCase.backing.label) " : "") + axis.label(of: measuredCase)
  }

  /// The unit in words.
  var unitText: String {
    switch unit {
    case .nanoseconds where measuredCase.isBystander: "time stolen per page from each bystander CPU"
    case .nanoseconds: "per page"
    case .nanosecondsPerVM: "per VM"
    case .instructions: "instructions per page, over all CPUs"
    }
  }

  /// The levels between which its passes jump.
  var levelText: String? {
    guard !estimates.levels.isEmpty else { return nil }
    let levels = estimates.levels.map { level in
      "\(Figures.amount(level.center, unit)) in \(level.passes.count == 1 ? "pass" : "passes") "
        + CPUSet(level.passes).description
    }
    return "jumps between levels: \(levels.joined(separator: ", "))"
  }

  /// `×1.33 [1.31, 1.36]  +520 ns`.
  var effectText: String? {
    effect.map { Figures.effect($0, unit: unit.rawValue) }
  }

  /// What interrupted the bystanders, per page: what the stolen time is made of.
  var interruptText: String? {
    let pages = Double(blocks * measuredCase.pages)
    guard measuredCase.isBystander, pages > 0 else { return nil }
    let counts: [(String, Double?)] = [
      // Not map(Double.init): for UInt64 that is init(bitPattern:).
      ("gaps", gaps.map { Double($0) }),
      ("CAL interrupts", counters.calInterrupts.map { Double($0.reduce(0, +)) }),
      ("TLB interrupts", counters.tlbInterrupts.map { Double($0.reduce(0, +)) }),
    ]
    let texts = counts.compactMap { name, count in count.map { "\(Figures.fixed($0 / pages, 3)) \(name)" } }
    return texts.isEmpty ? nil : texts.joined(separator: ", ") + " a page, over all CPUs"
  }

  /// What a reader must know of a figure before using it: the precision it missed, or that it was cut short.
  var caution: String? {
    switch status {
    case .partial: return "partial (\(blocks) blocks)"
    case .unstable:
      guard let medianInterval, let p50 = samples.quantile(0.5) else { return "~unstable" }
      let reached = medianInterval.relativeHalfWidth(around: p50)
      return reached.isFinite ? "~\(Figures.percent(reached)) %" : "~unstable"
    case .ok, .unsupported, .failed: return nil
    }
  }
}

extension Case {
  /// Time stolen from other CPUs: the one operation whose value is not the caller's own time.
  var isBystander: Bool { benchmark == "tlb-flush" && operation == "bystander" }
}

extension Backing {
  /// The name in reports: the proxy is called one.
  var label: String { isProxy ? "\(rawValue) (proxy)" : rawValue }
}
