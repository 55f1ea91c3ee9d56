// SPDX-License-Identifier: Apache-2.0

/// The size of a huge page (x86-64, and arm64 with 4 KiB pages).
public let hugePageBytes = 2 << 20

/// The memory under test.
public enum Backing: String, CaseIterable, Codable, Sendable {
  /// Private anonymous memory, 4 KiB pages forced.
  case anonymous
  /// Private anonymous memory with transparent huge pages: what fleets run today. Reference only.
  case anonymousHuge = "anonymous_huge"
  /// A memfd (shmem).
  case memfd
  /// memfd_secret(2): removed from the direct map, but neither guest_memfd nor usable by a VM. A proxy.
  case memfdSecret = "memfd_secret"
  /// guest_memfd, host-faultable (MMAP and shared from the start).
  case guestMemfd = "guest_memfd"
  /// guest_memfd without MMAP, private to a VM whose type has private memory.
  case guestMemfdPrivate = "guest_memfd_private"
  /// guest_memfd with GUEST_MEMFD_FLAG_NO_DIRECT_MAP, host-faultable.
  case guestMemfdNoDirectMap = "guest_memfd_no_direct_map"
  /// guest_memfd with GUEST_MEMFD_FLAG_NO_DIRECT_MAP, private.
  case guestMemfdPrivateNoDirectMap = "guest_memfd_private_no_direct_map"

  public var isGuestMemfd: Bool {
    switch self {
    case .guestMemfd, .guestMemfdPrivate, .guestMemfdNoDirectMap, .guestMemfdPrivateNoDirectMap: true
    case .anonymous, .anonymousHuge, .memfd, .memfdSecret: false
    }
  }

  /// No user mapping exists: only a guest reaches it.
  public var isPrivate: Bool { self == .guestMemfdPrivate || self == .guestMemfdPrivateNoDirectMap }

  /// Its pages leave the kernel's direct map.
  public var removesDirectMap: Bool {
    self == .memfdSecret || self == .guestMemfdNoDirectMap || self == .guestMemfdPrivateNoDirectMap
  }

  /// Stands in for the flag without being it.
  public var isProxy: Bool { self == .memfdSecret }

  public var isAnonymous: Bool { self == .anonymous || self == .anonymousHuge }
}
