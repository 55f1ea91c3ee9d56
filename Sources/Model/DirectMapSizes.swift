// SPDX-License-Identifier: Apache-2.0

/// How much of the direct map each entry size maps, in bytes, from `/proc/meminfo`. Nil on architectures that
/// do not say (arm64).
public struct DirectMapSizes: Hashable, Sendable, Codable {
  /// `DirectMap4k`.
  public var kib4: Int64?
  /// `DirectMap2M`.
  public var mib2: Int64?
  /// `DirectMap1G`; absent on CPUs without 1 GiB pages.
  public var gib1: Int64?

  /// The share of it that 4 KiB entries map; nil where nothing is known.
  public var smallShare: Double? {
    let all = (kib4 ?? 0) + (mib2 ?? 0) + (gib1 ?? 0)
    return kib4.flatMap { all > 0 ? Double($0) / Double(all) : nil }
  }

  enum CodingKeys: String, CodingKey {
    case kib4 = "4k"
    case mib2 = "2m"
    case gib1 = "1g"
  }

  public init(kib4: Int64? = nil, mib2: Int64? = nil, gib1: Int64? = nil) {
    self.kib4 = kib4
    self.mib2 = mib2
    self.gib1 = gib1
  }

}
