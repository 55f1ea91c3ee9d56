// SPDX-License-Identifier: Apache-2.0
import Model

extension HardwareCounts {
  /// - Parameters:
  ///   - counts: what was counted.
  ///   - lacksStoreMisses: the CPU does not count stores apart.
  ///   - missesAreWalks: as of ``PerfEvent``.
  init(_ counts: [PerfEvent: Int64], lacksStoreMisses: Bool, missesAreWalks: Bool) {
    let stores = lacksStoreMisses ? 0 : counts[.dtlbStoreMisses]
    let data = Self.sum(counts[.dtlbLoadMisses], stores)
    let fetches = counts[.itlbMisses]
    self.init(
      cyclesUser: counts[.cyclesUser], cyclesKernel: counts[.cyclesKernel],
      instructionsUser: counts[.instructionsUser], instructionsKernel: counts[.instructionsKernel],
      dtlbMisses: data, itlbMisses: fetches, pageWalks: missesAreWalks ? Self.sum(data, fetches) : nil)
  }
}
