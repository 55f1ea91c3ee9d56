// SPDX-License-Identifier: Apache-2.0
import Machine

/// What the interrupt counters show of kernel-range TLB flushes: never what a switch or a version implies.
public enum FlushState: String, Codable, Sendable {
  case on
  case off
  case unknown

  /// A kernel-range flush interrupts each other CPU once per page and shows in the row CAL but not in TLB. Only
  /// where the others spin (a CPU that polls while idle is not counted), and only where it goes by interrupts.
  ///
  /// - Parameters:
  ///   - counters: the sum over `blocks` blocks of `measured`.
  ///   - raisesInterrupts: a flush reaches other CPUs by interrupt here.
  /// - Returns: nil where nothing is removed.
  static func shown(
    by counters: Counters, blocks: Int, of measured: Case, raisesInterrupts: Bool
  ) -> FlushState? {
    guard measured.backing.removesDirectMap, measured.pages > 0 else { return nil }
    guard measured.others == .spin, raisesInterrupts, blocks > 0, let calls = counters.calInterrupts,
      let shootdowns = counters.tlbInterrupts, calls.count > 1
    else { return .unknown }
    let flushes = Double(calls.reduce(0, +) - shootdowns.reduce(0, +))
    let perPage = flushes / Double(blocks * measured.pages * (calls.count - 1))
    return perPage > 0.9 ? .on : perPage < 0.1 ? .off : .unknown
  }
}

extension FlushSetting {
  /// Why a block that asked for this is no result, if the counters show the contrary.
  func contradiction(_ shown: FlushState?) -> String? {
    switch (self, shown) {
    case (.off, .on): "flush=off was asked for, but the counters show a flush for each page"
    case (.on, .off): "flush=on was asked for, but the counters show no flush"
    default: nil
    }
  }
}
