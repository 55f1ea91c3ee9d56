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

  /// Function call interrupts of each held CPU, on average, less the shootdowns of user ranges, which count among
  /// them; other kernel work's calls remain. Nil without a held CPU or without the rows.
  func flushes(_ counters: Counters) -> Double? {
    guard !places.isEmpty, let calls = counters.calInterrupts, let shootdowns = counters.tlbInterrupts,
      calls.count == shootdowns.count, places.allSatisfy(calls.indices.contains)
    else { return nil }
    return Double(places.reduce(0) { $0 + calls[$1] - shootdowns[$1] }) / Double(places.count)
  }
}
