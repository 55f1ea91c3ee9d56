// SPDX-License-Identifier: Apache-2.0

/// The size of a huge page (x86-64, and arm64 with 4 KiB pages).
public let hugePageBytes = 2 << 20

/// The memory under test. What there is to know of each stands in its ``BackingDescriptor``.
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

  public var descriptor: BackingDescriptor {
    switch self {
    case .anonymous: BackingDescriptor(.anonymous)
    case .anonymousHuge: BackingDescriptor(.anonymous, isHuge: true)
    case .memfd: BackingDescriptor(.memfd, answersOperators: false)
    case .memfdSecret: BackingDescriptor(.memfdSecret, counterpart: .memfd, isProxy: true)
    case .guestMemfd: BackingDescriptor(.guestMemfd)
    case .guestMemfdPrivate: BackingDescriptor(.guestMemfd, isPrivate: true)
    case .guestMemfdNoDirectMap: BackingDescriptor(.guestMemfd, counterpart: .guestMemfd)
    case .guestMemfdPrivateNoDirectMap:
      BackingDescriptor(.guestMemfd, isPrivate: true, counterpart: .guestMemfdPrivate)
    }
  }
}

/// How memory comes about: one factory a source (`MemoryFactory` of GuestMemory).
public enum MemorySource: String, CaseIterable, Sendable {
  /// mmap without a file.
  case anonymous
  /// memfd_create.
  case memfd
  /// memfd_secret.
  case memfdSecret
  /// KVM_CREATE_GUEST_MEMFD in a VM.
  case guestMemfd
}

/// What there is to know of a backing: whoever would choose by backing asks this instead.
public struct BackingDescriptor: Sendable {
  public let source: MemorySource
  /// Its pages are huge ones.
  public let isHuge: Bool
  /// No user mapping exists: only a guest reaches it.
  public let isPrivate: Bool
  /// The same memory with its direct map entries; nil where it keeps them itself.
  public let counterpart: Backing?
  /// Stands in for the flag without being it.
  public let isProxy: Bool
  /// The answer has a line for it also where it is not the baseline: it tells an operator something.
  public let answersOperators: Bool

  fileprivate init(
    _ source: MemorySource, isHuge: Bool = false, isPrivate: Bool = false, counterpart: Backing? = nil,
    isProxy: Bool = false, answersOperators: Bool = true
  ) {
    self.source = source
    self.isHuge = isHuge
    self.isPrivate = isPrivate
    self.counterpart = counterpart
    self.isProxy = isProxy
    self.answersOperators = answersOperators
  }
}

extension MemorySource {
  /// The memory is a file's, whose descriptor can outlive its mappings.
  public var hasFile: Bool { self != .anonymous }
  /// Its file can be allocated without being mapped.
  public var hasFallocate: Bool { hasFile && self != .memfdSecret }
  /// Its file can give pages back and stay.
  public var punchesHoles: Bool { hasFallocate }
  /// KVM can map it: by get_user_pages, or because it is KVM's own.
  public var backsGuests: Bool { self != .memfdSecret }
  /// Its pages are on the allocator's lists of memory that can be moved.
  public var isMovable: Bool { self == .anonymous || self == .memfd }
}

extension Backing {
  public var source: MemorySource { descriptor.source }
  public var isHuge: Bool { descriptor.isHuge }
  public var isPrivate: Bool { descriptor.isPrivate }
  public var isProxy: Bool { descriptor.isProxy }
  public var counterpart: Backing? { descriptor.counterpart }
  public var hasFile: Bool { source.hasFile }
  public var hasFallocate: Bool { source.hasFallocate }
  public var punchesHoles: Bool { source.punchesHoles }
  public var backsGuests: Bool { source.backsGuests }
  public var isGuestMemfd: Bool { source == .guestMemfd }

  /// The host can map it.
  public var isMappable: Bool { !isPrivate }
  /// Its pages leave the kernel's direct map.
  public var removesDirectMap: Bool { counterpart != nil }
  /// Bytes that one fault brings in.
  public func faultBytes(pageBytes: Int) -> Int { isHuge ? hugePageBytes : pageBytes }

  /// What arms are compared with unless the caller names a baseline: the first that the machine has.
  public static let baselines: [Backing] = [.guestMemfd, .memfd, .anonymous]

  /// Those that the host can map.
  public static let mappable = allCases.filter(\.isMappable)
  /// Those that leave the direct map, each beside the memory that it is held against.
  public static let removingAndCounterparts: [Backing] = {
    let counterparts = Set(allCases.compactMap(\.counterpart))
    return allCases.filter { $0.removesDirectMap || counterparts.contains($0) }
  }()
}
