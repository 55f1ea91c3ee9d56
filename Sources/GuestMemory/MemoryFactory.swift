// SPDX-License-Identifier: Apache-2.0
import Model

/// Makes fresh memory of any backing: the one place that knows by which call each source is made.
public struct MemoryFactory {
  let kvm: KVMAccess

  public init(_ kvm: KVMAccess) { self.kvm = kvm }

  /// A file of its own; nil for memory without one. What is KVM's is made in the VM of the host's faults.
  public func file(_ backing: Backing, bytes: Int) throws(Refusal) -> MemoryFile? {
    switch backing.source {
    case .anonymous: return nil
    case .memfd: return try .memfd(bytes: bytes)
    case .memfdSecret: return try .memfdSecret(bytes: bytes)
    case .guestMemfd:
      let flags = try flags(for: backing)
      return try kvm.withHostMachine { machine throws(Refusal) in
        try MemoryFile.guestMemfd(in: machine, bytes: bytes, flags: flags)
      }
    }
  }

  /// The mapping of a file that ``file(_:bytes:)`` gave; without one the memory itself. Untouched.
  ///
  /// - Parameter aligned: as of `Region.mapping`; huge pages always are.
  public func region(
    _ backing: Backing, of file: borrowing MemoryFile?, bytes: Int, aligned: Bool = false
  ) throws(Refusal) -> Region {
    switch file {
    case .some(let file): try .mapping(file, aligned: aligned)
    case .none:
      backing.isHuge ? try .anonymousHuge(bytes: bytes) : try .anonymous(bytes: bytes, aligned: aligned)
    }
  }

  /// A file of KVM's for a guest, in the guest's own VM.
  public func guestFile(
    _ backing: Backing, in machine: borrowing VirtualMachine, bytes: Int
  ) throws(Refusal) -> MemoryFile {
    try MemoryFile.guestMemfd(in: machine, bytes: bytes, flags: flags(for: backing))
  }

  /// A VM of the type that a guest with this memory needs.
  public func machine(for backing: Backing) throws(Refusal) -> VirtualMachine {
    try kvm.withDevice { device throws(Refusal) in
      try VirtualMachine(device, type: backing.isPrivate ? .softwareProtected : .standard)
    }
  }

  /// Refuses a backing that this machine does not offer.
  ///
  /// - Parameters:
  ///   - bytes: of the region.
  ///   - architecture: as uname says it.
  ///   - read: gives a file's text, or nil.
  /// - Returns: the dialect and flags of a guest_memfd; nil for other memory.
  public func offer(
    of backing: Backing, bytes: Int, architecture: String, read: (String) -> String?
  ) throws(Refusal) -> (dialect: Dialect, flags: UInt64)? {
    switch backing.source {
    case .anonymous where backing.isHuge:
      let enabled = read("/sys/kernel/mm/transparent_hugepage/enabled") ?? ""
      guard !enabled.isEmpty, !enabled.contains("[never]") else {
        throw .unsupported(
          "transparent huge pages are off or not built",
          remedy: "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
      }
      guard bytes % hugePageBytes == 0 else {
        throw .unsupported("a region of \(bytes) bytes is not whole huge pages", remedy: "--size 2MiB")
      }
      return nil
    case .anonymous, .memfd: return nil
    case .memfdSecret:
      let release = read("/proc/sys/kernel/osrelease") ?? ""
      try SecretMemory.check(kernelRelease: release.trimmed, architecture: architecture, read: read)
      try SecretMemory.tryMapping(bytes: bytes)
      return nil
    case .guestMemfd: return try kvm.capabilities.get().flags(for: backing)
    }
  }

  /// What a program that makes the memory itself has to be told.
  public func recipe(_ backing: Backing, bytes: Int) throws(Refusal) -> MemoryRecipe {
    var recipe = MemoryRecipe(source: backing.source)
    if backing.isHuge {
      // Free again by then.
      recipe.place = try Region.anonymousHuge(bytes: bytes).base
    }
    if backing.isGuestMemfd {
      recipe.flags = try flags(for: backing)
      recipe.machine = try kvm.withHostMachine { $0.descriptor.number }
    }
    return recipe
  }

  private func flags(for backing: Backing) throws(Refusal) -> UInt64 {
    try kvm.capabilities.get().flags(for: backing).flags
  }
}

/// How a program makes memory itself, in one timed sequence.
public struct MemoryRecipe {
  public let source: MemorySource
  /// Where to map huge pages, which need an aligned place; nil: anywhere.
  public fileprivate(set) var place: UnsafeMutableRawPointer?
  /// Flags of guest_memfd.
  public fileprivate(set) var flags: UInt64 = 0
  /// The descriptor of the VM to make a guest_memfd in; the factory's, which keeps it.
  public fileprivate(set) var machine: Int32 = 0
}
