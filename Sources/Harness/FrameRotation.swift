// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Machine
import Model
import Statistics

/// Gives every block frames of one kind: in no cache, and from all over the memory that is kept for it, in random order.
///
/// Without it a block gets what the block before it freed: warm in the caches, and in the order in which the
/// allocator's lists hold it. Both move a fault by up to a quarter (Results/repeatability). So frames are kept in
/// mappings of this process, more of them than the last-level cache holds. Before a block the oldest are freed, which
/// puts them on top of the CPU's lists, where the block takes them; after it, what the block freed is taken and kept.
///
/// Why in random order: a list gives back last what it got first, so that frames come ascending to one block and
/// descending to the next, and only a machine that has run for hours has memory without order. Anonymous memory is
/// faster by a quarter where frames come ascending, guest_memfd by a fifth, as on a host whose free memory is in whole
/// blocks. No process can have that order whenever it likes; it can have none.
///
/// How it can mislead: other allocations of the kernel take a few frames of each block and give others back. Each pass
/// begins with frames of its own. Where blocks are small, fewer frames are kept than the cache holds, and some may still
/// be in it.
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

  private static let mostUnit = 2 << 20
  /// More than the kernel takes for a VM with a vCPU and the page tables of a block: about 170 pages here.
  private static let machineBytes = 1 << 20
  /// Each unit is a file and a mapping.
  private static let mostUnits = 128

  private let kvm: KVMAccess
  private let ledger: FrameLedger
  private let pageBytes: Int
  /// Bytes kept for each list.
  private let ringBytes: Int
  private var generator: SeededGenerator
  private var machine: VirtualMachine?
  private var rings: [Ring: [Kept]] = [:]
  /// The frames given back for the block that runs now.
  private var lent: (ring: Ring, units: Int)?
  /// Why frames can no longer be kept, once that is so.
  private var refusal: Refusal?

  /// - Parameter ringBytes: to keep for each list, 0 for nothing; nil for as much as the last-level cache holds, within
  ///   bounds.
  public init(_ context: MeasuringContext, ringBytes: Int? = nil) {
    kvm = context.kvm
    ledger = context.frames
    pageBytes = context.pageBytes
    self.ringBytes = ringBytes ?? Self.ringBytes(context)
    generator = SeededGenerator(seed: ckernel_clock_monotonic())
    machine = nil
  }

  private static func ringBytes(_ context: MeasuringContext) -> Int {
    // Instructions know no cache: the least that is kept will do.
    let cache =
      context.clock.countsInstructions
      ? 0 : CPUCaches.lastLevelCacheBytes(ofCPU: context.cpus.measuring) ?? 32 << 20
    let available = [availableMemory(), Quota.memoryLeft()].compactMap(\.self).min() ?? .max
    return Int(min(Int64(min(max(cache, 16 << 20), 64 << 20)), available / 32))
  }

  /// Frees the frames that the next block of a case is to take. Does nothing for warm blocks; for blocks of more than
  /// half of what is kept, which find what the one before left; and where each block takes new frames and those of the
  /// last are kept.
  ///
  /// - Parameter beside: whether the block makes a VM. The VM takes frames from the same lists first, and its frames lie on
  ///   top of them afterwards. Without further frames the next block would get this one's.
  /// - Returns: whether it freed any.
  public func lend(to measured: Case, besideMachine beside: Bool = false) -> Bool {
    prepare(for: measured)
    guard refusal == nil, let (ring, needed) = need(of: measured) else { return false }
    var units = needed
    if beside, ring.list == .unmovable {
      units = min(units + (Self.machineBytes + ring.unit - 1) / ring.unit, rings[ring]?.count ?? 0)
    }
    rings[ring]?.removeFirst(units)
    lent = (ring, units)
    return true
  }

  /// Why blocks of a case find what the one before left, although the case names a cold state; nil where they do not.
  func refusal(for measured: Case) -> Refusal? {
    if let refusal { return refusal }
    let bytes = measured.pages * pageBytes
    guard measured.state == .cold, measured.directMap != .cold, 2 * bytes > ringBytes else { return nil }
    return .unsupported(
      "a block of \(measured.pages) pages takes over half of the \(ringBytes >> 20) MiB of frames that are kept",
      remedy: "--size up to \(ringBytes >> 21)M")
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
  public func takeBack() {
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
    var units: [Kept] = []
    for _ in 0..<min(ringBytes / ring.unit, Self.mostUnits) {
      units.append(try make(ring.list, bytes: ring.unit))
    }
    var pages: [UnsafeMutablePointer<UInt8>?] = units.flatMap { unit in
      stride(from: 0, to: ring.unit, by: pageBytes).map {
        unit.region.base.assumingMemoryBound(to: UInt8.self) + $0
      }
    }
    // A huge page comes as a whole.
    if ring.list != .huge { pages.shuffle(using: &generator) }
    try check(ckernel_touch_at(pages, pages.count), "keeping frames")
    for unit in units { ledger.note(unit.region.base, pages: ring.unit / pageBytes) }
    rings[ring] = units
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
  fileprivate var list: FrameRotation.List { isHuge ? .huge : source.isMovable ? .movable : .unmovable }
}
