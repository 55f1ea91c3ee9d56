// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Harness
import Model

extension Guest {
  /// A fresh VM with a case's memory, warmed up.
  ///
  /// - Parameter order: the page to touch at each step; nil for the case's own order.
  static func make(
    _ measured: Case, _ context: MeasuringContext, order: UnsafeBufferPointer<UInt32>? = nil
  ) throws(Refusal) -> Guest {
    try make(
      measured.backing, bytes: measured.pages * context.pageBytes,
      order: order ?? context.buffers.order(measured.order, pages: measured.pages), from: context.memory)
  }

  /// Reads placement back; pages that only the guest touched are brought into a mapping of the host's for that,
  /// which is gone again afterwards.
  func placement(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> Placed {
    guard !measured.backing.isPrivate else { return context.assumedPlacement }
    let host = try mapForHost(measured.backing)
    let base = hostBase(host)
    if measured.backing.isGuestMemfd { try context.touchAll(base, measured) }
    return context.placement(of: base, measured)
  }
}
