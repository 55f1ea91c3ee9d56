// SPDX-License-Identifier: Apache-2.0

/// A way in which the kernel reaches a process's memory on behalf of a VMM.
public enum MemoryUse: String, CaseIterable, Sendable {
  /// KVM reads guest memory by the slot's `userspace_addr`, to carry an instruction out.
  case emulation = "KVM emulation"
  /// A file is read into the memory past the page cache.
  case directRead = "O_DIRECT read"
  /// The memory is registered as a buffer of an io_uring.
  case registeredBuffer = "io_uring buffer"
  /// Another process, or this one, reads the memory.
  case remoteRead = "process_vm_readv"
  /// A vhost device takes a packet from a ring in the memory.
  case vhost
  case populate = "MADV_POPULATE_WRITE"
  case lock = "mlock"
}

/// What one use of one backing came to.
public enum UseOutcome: Hashable, Sendable {
  case works
  /// The errno's name; for KVM's emulation also what else ended the guest.
  case refused(String)
  /// Why it says nothing here.
  case untold(Refusal)

  public var isTold: Bool {
    if case .untold = self { return false }
    return true
  }
}

/// One use, and what each backing's memory came to.
public struct UseRow: Sendable {
  public var use: MemoryUse
  /// By the report's backings, in their order; or why ordinary memory does not allow the use either, which leaves
  /// nothing to be told of the others.
  public var outcomes: Result<[UseOutcome], Refusal>
  /// What the use was tried with, where that matters.
  public var note: String?

  public init(_ use: MemoryUse, _ outcomes: Result<[UseOutcome], Refusal>, note: String? = nil) {
    self.use = use
    self.outcomes = outcomes
    self.note = note
  }
}

/// Everything that `verify --uses` saw.
public struct MemoryUseReport: Sendable {
  /// Those that are here, in order.
  public var backings: [Backing] = []
  /// Those that are not, and why.
  public var missing: [(backing: Backing, refusal: Refusal)] = []
  public var rows: [UseRow] = []

  public init() {}

  /// At least one use of one backing was told.
  public var showsAnything: Bool {
    rows.contains { row in (try? row.outcomes.get())?.contains(where: \.isTold) ?? false }
  }
}
