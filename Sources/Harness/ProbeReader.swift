// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Model

/// Measures the probes. They were chosen by how much they explain of what moves a block's time on a shared machine:
/// Results/repeatability has the figures.
struct ProbeReader: ~Copyable {
  private static let interrupts = 7
  private static let steps = 5_000
  private static let pages = 16
  /// More than the last-level cache of most machines; its pages are gone from it when their turn comes again, since
  /// blocks lie between.
  private static let bytes = 32 << 20

  private let memory: Region
  private let pageBytes: Int
  private var offset = 0

  init(pageBytes: Int) throws(Refusal) {
    memory = try Region.resident(bytes: Self.bytes)
    self.pageBytes = pageBytes
  }

  /// - Parameter hasWitness: whether a registered bystander runs on another CPU; without one the interrupt's trip is
  ///   none.
  mutating func read(_ clock: MeasuringClock, hasWitness: Bool) -> Probes {
    let rate = clock.ticksPerNanosecond
    var probes = Probes()
    var ticks: UInt64 = 0
    if hasWitness, ckernel_probe_interrupt(clock.kind, Self.interrupts, &ticks) == 0 {
      probes.interrupt = Double(ticks) / rate
    }
    probes.instructions = Double(ckernel_probe_instructions(clock.kind, Self.steps)) / rate
    let base = memory.base.assumingMemoryBound(to: UInt8.self)
    let zeroed = ckernel_probe_memory(clock.kind, base, memory.bytes, pageBytes, Self.pages, &offset)
    probes.memory = Double(zeroed) / rate
    return probes
  }
}
