// SPDX-License-Identifier: Apache-2.0
import Model

/// Who can tell of kernel-range flushes: CPUs that a bystander keeps busy, where every flush by interrupt is one
/// interrupt. A CPU that is idle may poll, and then takes none.
struct FlushWitness: Hashable, Sendable {
  private let roles: CPURoles
  /// How a kernel-range flush reaches other CPUs here, as far as the CPU's features tell.
  private let feature: FlushMechanism

  /// - Parameter mechanism: `CPUFeatures.broadcastFlush`.
  init(_ roles: CPURoles, mechanism: String?) {
    self.roles = roles
    feature = mechanism.flatMap { FlushMechanism(rawValue: $0) } ?? .unknown
  }

  /// Function call interrupts of each busy CPU, on average, less the shootdowns of user ranges, which count among
  /// them; other kernel work's calls remain. Nil without a busy CPU or without the rows.
  func flushes(_ counters: Counters, of measured: Case) -> Double? {
    flushes(counters, of: measured, on: roles.busy(in: measured).cpus)
  }

  private func flushes(_ counters: Counters, of measured: Case, on cpus: CPUSet) -> Double? {
    let counted = (roles.online(in: measured) ?? roles.online).members
    let places = counted.indices.filter { cpus.contains(counted[$0]) }
    guard !places.isEmpty, let calls = counters.calInterrupts, let shootdowns = counters.tlbInterrupts,
      calls.count == shootdowns.count, places.allSatisfy(calls.indices.contains)
    else { return nil }
    return Double(places.reduce(0) { $0 + calls[$1] - shootdowns[$1] }) / Double(places.count)
  }

  /// `on` needs an interrupt of each busy CPU for nearly every page, `off` less than one a block, so that neither a
  /// batched flush nor one without interrupts reads as none; whatever is between is `unknown`, and so is what
  /// happens beside idle CPUs. Nil where nothing is removed.
  ///
  /// - Parameter counters: the sum over `blocks` blocks of `measured`.
  func shown(by counters: Counters, blocks: Int, of measured: Case) -> FlushState? {
    guard measured.backing.removesDirectMap, measured.pages > 0 else { return nil }
    guard blocks > 0, let flushes = flushes(counters, of: measured) else { return .unknown }
    let perBlock = flushes / Double(blocks)
    // Neither INVLPGB nor TLBI interrupts.
    if perBlock < 0.5 { return feature == .ipi ? .off : .unknown }
    return perBlock > 0.9 * Double(measured.pages) ? .on : .unknown
  }

  /// How the flushes of removed pages reached the other CPUs: by interrupt where those come to one a page on each of
  /// them that no thread of the case runs on, busy or not; by what the CPU has instead where the busy ones took none.
  /// Nil where nothing is removed or there is no other CPU.
  ///
  /// - Parameter counters: the sum over `blocks` blocks of `measured`.
  func mechanism(by counters: Counters, blocks: Int, of measured: Case) -> FlushMechanism? {
    let others = (roles.online(in: measured) ?? roles.online).subtracting(CPUSet([roles.measuring]))
    guard measured.backing.removesDirectMap, blocks > 0, !others.isEmpty else { return nil }
    let busy = flushes(counters, of: measured)
    // A thread's CPU takes none for its own removals, and several at once in one interrupt.
    let witnesses = others.subtracting(CPUSet(roles.threads(of: measured)))
    guard let flushes = busy ?? flushes(counters, of: measured, on: witnesses) else { return .unknown }
    let perBlock = flushes / Double(blocks)
    if perBlock > 0.9 * Double(measured.pages) { return .ipi }
    return busy != nil && perBlock < 0.5 && feature != .ipi ? feature : .unknown
  }
}
