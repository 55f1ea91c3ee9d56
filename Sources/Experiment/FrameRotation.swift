// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Machine

/// Gives every block frames of one kind: cold in the caches, and in ascending order, as populating a large memory
/// finds them.
///
/// Without it a block gets what the block before it freed: warm in the caches, and in the order in which the
/// allocator's lists hold it. Both move a fault by up to a quarter (Results/repeatability). So frames are kept in
/// mappings of this process, more of them than the last-level cache holds. Before a block the oldest are freed, which
/// puts them on top of the CPU's lists, where the block takes them; after it, what the block freed is taken and kept.
///
/// The order: a list gives back last what it got first. Kept frames are freed in descending order, so that the block
/// gets them ascending; it frees them ascending, and they are taken descending again. The first ones come from the
/// buddy allocator, which gives them ascending: the CPU's lists are emptied before, and the frames touched backwards.
///
/// How it can mislead: other allocations of the kernel take a few frames of each block and give others back, so that
/// within some seconds the order of the unmovable frames decays. Each pass begins with fresh ones.
public final class FrameRotation {
  /// Which of the allocator's lists memory comes from.
  enum List: Hashable {
    /// Anonymous memory and memfd.
    case movable
    /// guest_memfd and memfd_secret.
    case unmovable
    /// Huge pages.
    case huge
  }

  private struct Ring: Hashable {
    var list: List
    var memoryNode: Int
    var unit: Int
  }

  /// One unit of frames. A class, since Array takes no noncopyable element.
  private final class Kept {
    let file: MemoryFile?
    let region: Region

    init(_ list: List, bytes: Int, unmovable: () throws(Refusal) -> MemoryFile) throws(Refusal) {
      switch list {
      case .movable:
        file = nil
        region = try Region.anonymous(bytes: bytes)
      case .huge:
        file = nil
        region = try Region.anonymousHuge(bytes: bytes)
      case .unmovable:
        let file = try unmovable()
        region = try Region.mapping(file)
        self.file = consume file
      }
    }
  }

  private static let mostHeldBytes = 96 << 20
  private static let heldStep = 4 << 20
  private static let mostUnit = 2 << 20
  /// Each unit is a file and a mapping.
  private static let mostUnits = 128
  /// So few pages on a CPU's lists are none.
  private static let emptyLists = 512

  private let kvm: KVMAccess
  private let pageBytes: Int
  /// Bytes kept for each list.
  private let ringBytes: Int
  private let cpu: () -> Int
  private var machine: VirtualMachine?
  private var rings: [Ring: [Kept]] = [:]
  /// The frames given back for the block that runs now.
  private var lent: (ring: Ring, units: Int)?
  /// Why frames can no longer be kept, once that is so: blocks then find what the one before left.
  private(set) var refusal: Refusal?

  /// - Parameters:
  ///   - ringBytes: to keep for each list; 0 keeps nothing.
  ///   - cpu: the CPU that measures.
  init(kvm: KVMAccess, pageBytes: Int, ringBytes: Int, cpu: @escaping () -> Int) {
    self.kvm = kvm
    self.pageBytes = pageBytes
    self.ringBytes = ringBytes
    self.cpu = cpu
    machine = nil
  }

  /// As much as the last-level cache holds, within bounds.
  ///
  /// - Parameters:
  ///   - cacheBytes: of that cache; nil where it is not known.
  ///   - availableBytes: memory that this process may use; nil where it is not known.
  static func ringBytes(cacheBytes: Int?, availableBytes: Int64?) -> Int {
    let wanted = min(max(cacheBytes ?? 32 << 20, 16 << 20), 64 << 20)
    return Int(min(Int64(wanted), (availableBytes ?? .max) / 32))
  }

  /// Frees the frames that the next block of a case is to take. Does nothing for warm blocks; for blocks that are larger
  /// than the caches, which leave nothing warm; and where each block takes new frames and those of the last are kept.
  func lend(to measured: Case) {
    prepare(for: measured)
    guard refusal == nil, let (ring, units) = need(of: measured) else { return }
    rings[ring]?.removeFirst(units)
    lent = (ring, units)
  }

  /// Keeps frames for the blocks of a case, where it does not yet: that takes as long as many blocks.
  func prepare(for measured: Case) {
    guard refusal == nil, let (ring, _) = need(of: measured), rings[ring] == nil else { return }
    do throws(Refusal) { try fill(ring) } catch { giveUp(error) }
  }

  /// What a block of a case takes; nil where no frames are kept for it.
  private func need(of measured: Case) -> (ring: Ring, units: Int)? {
    let bytes = measured.pages * pageBytes
    let ring = Ring(
      list: measured.backing.list, memoryNode: measured.memoryNode, unit: min(bytes, Self.mostUnit))
    let units = (bytes + ring.unit - 1) / ring.unit
    guard 2 * units * ring.unit <= ringBytes, ring.list != .huge || ring.unit == Self.mostUnit,
      measured.state == .cold, measured.directMap != .cold
    else { return nil }
    return (ring, units)
  }

  /// Takes what the block freed.
  func takeBack() {
    guard let (ring, units) = lent else { return }
    lent = nil
    do throws(Refusal) {
      for _ in 0..<units {
        let kept = try make(ring.list, bytes: ring.unit)
        try check(ckernel_touch(kept.region.base, pageBytes, ring.unit / pageBytes), "keeping frames")
        rings[ring]?.append(kept)
      }
    } catch { giveUp(error) }
  }

  private func giveUp(_ refusal: Refusal) {
    self.refusal = refusal
    rings = [:]
  }

  private func fill(_ ring: Ring) throws(Refusal) {
    let held = ring.list == .huge ? [] : try emptyLists(ring.list)
    var units: [Kept] = []
    for _ in 0..<min(ringBytes / ring.unit, Self.mostUnits) {
      let kept = try make(ring.list, bytes: ring.unit)
      try check(
        ckernel_touch_backwards(kept.region.base, pageBytes, ring.unit / pageBytes), "keeping frames")
      units.append(kept)
    }
    rings[ring] = units
    withExtendedLifetime(held) {}
  }

  /// Takes what the CPU's lists hold, as far as that is bounded; it is freed with the result.
  private func emptyLists(_ list: List) throws(Refusal) -> [Kept] {
    var held: [Kept] = []
    var before = PageLists.pages(ofCPU: cpu())
    while held.count * Self.heldStep < min(Self.mostHeldBytes, 4 * ringBytes) {
      if let before, before < Self.emptyLists { break }
      let kept = try make(list, bytes: Self.heldStep)
      try check(ckernel_touch(kept.region.base, pageBytes, Self.heldStep / pageBytes), "emptying lists")
      held.append(kept)
      let after = PageLists.pages(ofCPU: cpu())
      // What is left is on other lists.
      if let before, let after, before - after < Self.heldStep / pageBytes / 4, after < before + 64 { break }
      before = after
    }
    return held
  }

  private func make(_ list: List, bytes: Int) throws(Refusal) -> Kept {
    try Kept(list, bytes: bytes) { () throws(Refusal) in try unmovable(bytes: bytes) }
  }

  /// guest_memfd where the host can touch it, else memfd_secret.
  private func unmovable(bytes: Int) throws(Refusal) -> MemoryFile {
    guard case .success(let capabilities) = kvm.capabilities,
      let flags = try? capabilities.flags(for: .guestMemfd).flags
    else { return try MemoryFile.memfdSecret(bytes: bytes) }
    if machine == nil {
      machine = try kvm.withDevice { device throws(Refusal) in try VirtualMachine(device) }
    }
    switch machine {
    case .some(let machine): return try MemoryFile.guestMemfd(in: machine, bytes: bytes, flags: flags)
    case .none: throw .failed("the VM of the kept frames is gone")
    }
  }
}

extension Backing {
  fileprivate var list: FrameRotation.List {
    switch self {
    case .anonymous, .memfd: .movable
    case .anonymousHuge: .huge
    case .memfdSecret, .guestMemfd, .guestMemfdPrivate, .guestMemfdNoDirectMap, .guestMemfdPrivateNoDirectMap:
      .unmovable
    }
  }
}
