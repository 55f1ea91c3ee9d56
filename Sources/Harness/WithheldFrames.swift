// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Machine
import Model

/// Memory that is held until the run ends, so that no later block meets the frames of an earlier one: it takes in what
/// a block has just freed.
///
/// It is memfd_secret, because that draws on the same free lists as guest_memfd does (GFP_HIGHUSER, not movable), where
/// ordinary memory would be given other frames.
public final class WithheldFrames {
  private var region: Region?
  private var usedBytes = 0
  /// No more can be had.
  public private(set) var isSpent = false
  /// It holds the memory that was split before the run, as far as that was searched for.
  public var isReady = false

  init() { region = nil }

  /// Takes so many bytes more. Does nothing once the share of the machine's memory is used up that it may have.
  public func grow(by bytes: Int) throws(Refusal) {
    if region == nil { region = try Self.reserve() }
    switch region {
    case .some(let region):
      guard !isSpent, usedBytes + bytes <= region.bytes else {
        isSpent = true
        return
      }
      let pageBytes = Int(getpagesize())
      isSpent = ckernel_touch(region.base + usedBytes, pageBytes, bytes / pageBytes) != 0
      usedBytes += bytes
    case .none: break
    }
  }

  /// Addresses for a quarter of the memory available; pages come as it grows.
  private static func reserve() throws(Refusal) -> Region {
    let pageBytes = Int(getpagesize())
    let bytes = Int(min(availableMemory() ?? 0, Quota.memoryLeft() ?? .max) / 4) / pageBytes * pageBytes
    _ = ResourceLimit.raiseMemlock(to: UInt64(bytes))
    return try Region.mapping(try MemoryFile.memfdSecret(bytes: bytes))
  }
}
