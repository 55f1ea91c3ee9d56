// SPDX-License-Identifier: Apache-2.0
import Machine

/// Who can tell of kernel-range flushes: CPUs that a companion keeps in user space, where every flush by interrupt
/// is one interrupt. A CPU that is idle may poll, and then takes none.
struct FlushWitness: Hashable, Sendable {
  /// The held CPUs' places in the counters' rows.
  private let places: [Int]
  /// A flush interrupts other CPUs here: neither INVLPGB nor TLBI does.
  let isInterrupted: Bool

  /// - Parameters:
  ///   - held: the CPUs that a companion holds.
  ///   - counted: the CPUs of the counters' rows, in order.
  ///   - mechanism: `CPUFeatures.broadcastFlush`.
  init(held: CPUSet, counted: CPUSet, mechanism: String?) {
    places = counted.members.indices.filter { held.contains(counted.members[$0]) }
    isInterrupted = mechanism == "IPI"
  }

  /// Function call interrupts of each CPU that is held while `threads` threads run, on average, less the shootdowns of
  /// user ranges, which count among them; other kernel work's calls remain. Nil without a held CPU or without the rows.
  func flushes(_ counters: Counters, threads: Int) -> Double? {
    let places = places.dropFirst(threads - 1)
    guard !places.isEmpty, let calls = counters.calInterrupts, let shootdowns = counters.tlbInterrupts,
      calls.count == shootdowns.count, places.allSatisfy(calls.indices.contains)
    else { return nil }
    return Double(places.reduce(0) { $0 + calls[$1] - shootdowns[$1] }) / Double(places.count)
  }

  /// `on` needs an interrupt of each held CPU for nearly every page, `off` less than one a block, so that neither a
  /// batched flush nor one without interrupts reads as none; whatever is between is `unknown`, and so is what
  /// happens beside idle CPUs. Nil where nothing is removed.
  ///
  /// - Parameter counters: the sum over `blocks` blocks of `measured`.
  func shown(by counters: Counters, blocks: Int, of measured: Case) -> FlushState? {
    guard measured.backing.removesDirectMap, measured.pages > 0 else { return nil }
    guard measured.others == .spin, blocks > 0, let flushes = flushes(counters, threads: measured.threads)
    else { return .unknown }
    let perBlock = flushes / Double(blocks)
    if perBlock < 0.5 { return isInterrupted ? .off : .unknown }
    return perBlock > 0.9 * Double(measured.pages) ? .on : .unknown
  }
}
