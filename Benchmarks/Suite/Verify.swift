// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import HostChanges
import Machine
import Model
import SystemPackage

/// Takes memory through its life and looks, after each step, whether the kernel's own mapping still reads its
/// frames. One page at a time: /dev/mem refuses a whole read for one missing page.
///
/// How it can mislead: a look speaks for the TLB of the CPU that looks, so the process stays on the CPU that
/// faulted; /proc/kcore shows zeros for what is missing, so every page bears a pattern; frames without a user
/// mapping are told by what a scan of all RAM finds missing, which others may change meanwhile.
public final class Verify {
  let session: Session
  let context: MeasuringContext
  let pages: Int
  let sight: KernelSight
  let pagemap: Pagemap
  /// All RAM, where scans are wanted and can be had.
  let ram: Result<[Range<UInt64>], Refusal>
  /// Pages of one run bear what those of another do not.
  private let stamp = ckernel_clock_monotonic() | 1

  /// How often and after how long a frame is looked at again that is not yet as it should be.
  private static let looks = 10
  private static let restMicroseconds: UInt64 = 20_000

  /// - Parameters:
  ///   - pages: of each backing.
  ///   - scans: whether to look at all RAM for frames that no user mapping names.
  public init(_ session: Session, pages: Int, scans: Bool) throws(Refusal) {
    self.session = session
    context = session.context
    self.pages = pages
    sight = try KernelSight.open(pageBytes: context.pageBytes)
    pagemap = try Pagemap(pageBytes: context.pageBytes)
    ram = Self.systemRAM(sight, scans: scans)
  }

  private static func systemRAM(
    _ sight: borrowing KernelSight, scans: Bool
  ) -> Result<[Range<UInt64>], Refusal> {
    guard scans else { return .failure(.unsupported("frames without a user mapping", remedy: "--scan")) }
    if let refusal = sight.scanRefusal { return .failure(refusal) }
    let text = SystemFiles().text("/proc/iomem") ?? ""
    let frames = SystemRAM.frames(inText: text, pageBytes: sight.pageBytes)
    guard !frames.isEmpty else {
      return .failure(.unsupported("/proc/iomem shows no System RAM", remedy: "run as root"))
    }
    return .success(frames)
  }

  /// Looks at every backing. Interrupted, it gives what it has.
  public func run(_ backings: [Backing]) throws(Refusal) -> DirectMapReport {
    let flushes = Self.holdsFlush ? true : SystemFiles().line(FlushSwitch.path).map { $0 == "Y" }
    var report = DirectMapReport(sight: sight.name, flushes: flushes)
    let before = try scan()
    if let before, let ranges = try? ram.get() {
      report.scan = .init(frames: ranges.reduce(0) { $0 + $1.count }, before: before.count)
    }
    report.rows = try Self.flushing {
      backings.compactMap { backing in
        Runner.isInterrupted ? nil : DirectMapRow(backing, observe(backing), flushes: flushes)
      }
    }
    let flushed = backings.first { $0.isGuestMemfd && $0.isMappable && $0.removesDirectMap }
    if let flushed, !Runner.isInterrupted {
      report.flushLooks = Result { () throws(Refusal) in try lookAtFlush(flushed) }
    }
    if !Runner.isInterrupted { report.scan?.after = try? scan()?.count }
    return report
  }

  /// Whether the flush can be held on, here.
  private static var holdsFlush: Bool {
    do throws(Refusal) { try FlushSwitch.check() } catch { return false }
    return true
  }

  /// With the flush off, stale translations would make removed pages look kept: it is held on where it can be.
  private static func flushing<Value>(_ body: () -> Value) throws(Refusal) -> Value {
    guard holdsFlush else { return body() }
    let held = try FlushSwitch.holding(true)
    let value = body()
    try held.restore()
    return value
  }

  private func observe(_ backing: Backing) -> Result<[DirectMapLook], Refusal> {
    Result { () throws(Refusal) in
      let measured = region(of: backing)
      _ = try Catalogue.available(backing, bytes: measured.pages * context.pageBytes, context)
      return backing.isPrivate ? try lookAtGuest(measured) : try lookAtHost(measured)
    }
  }

  /// The region of one backing; huge pages need whole ones.
  func region(of backing: Backing) -> Case {
    let run = backing.faultBytes(pageBytes: context.pageBytes) / context.pageBytes
    var region = Case("verify", "look", backing, pages: (pages + run - 1) / run * run)
    (region.cpuNode, region.memoryNode) = (session.pairs[0].cpuNode, session.pairs[0].memoryNode)
    return region
  }

  /// Most pages that `region(of:)` takes for a number asked for.
  public static func capacity(pages: Int, pageBytes: Int) -> Int {
    let run = hugePageBytes / pageBytes
    return (pages + run - 1) / run * run
  }

  // MARK: memory that the host maps

  private func lookAtHost(_ measured: Case) throws(Refusal) -> [DirectMapLook] {
    let backing = measured.backing
    let hasFallocate = backing.hasFallocate
    let removes = backing.removesDirectMap
    var looks: [DirectMapLook] = []
    let before = hasFallocate ? try scan() : nil
    var subject = try BlockMemory(measured, context)
    if hasFallocate {
      let bytes = UInt64(measured.pages * context.pageBytes)
      try check(ckernel_allocate(subject.descriptor, 0, bytes), "fallocate")
      if let before, let now = try scan() {
        looks.append(DirectMapLook(.allocated, frames: measured.pages, gone: now.subtracting(before).count))
      }
    }
    try subject.populate(measured, context)
    let frames = try stampPages(subject.base, count: measured.pages)
    looks.append(try look(.faulted, at: frames[...], holdsPattern: true, expectGone: removes))
    // On memfd_secret it is refused (its mappings are locked); on anonymous memory it would free.
    if hasFallocate {
      try check(
        ckernel_madvise(subject.base, measured.pages * context.pageBytes, MADV_DONTNEED), "MADV_DONTNEED")
    }
    subject.unmap()
    guard backing.hasFile else {
      return looks + [try look(.closed, at: frames[...], holdsPattern: false, expectGone: false)]
    }
    looks.append(try look(.unmapped, at: frames[...], holdsPattern: true, expectGone: removes))
    let punched = hasFallocate ? (frames.count + 1) / 2 : 0
    if punched > 0 {
      try check(
        ckernel_punch_hole(subject.descriptor, 0, UInt64(punched * context.pageBytes)),
        "fallocate(PUNCH_HOLE)")
      looks.append(try look(.punched, at: frames[..<punched], holdsPattern: false, expectGone: false))
    }
    subject.closeFile()
    if punched == frames.count { return looks }
    looks.append(
      try look(.closed, at: frames[punched...], holdsPattern: false, expectGone: false, from: punched))
    return looks
  }

  /// Writes its own pattern to each page and asks for its frame. The pages must have been touched.
  private func stampPages(_ base: UnsafeMutableRawPointer, count: Int) throws(Refusal) -> [UInt64] {
    var frames: [UInt64] = []
    for page in 0..<count { frames.append(try stampPage(base + page * context.pageBytes, page)) }
    return frames
  }

  func stampPage(_ address: UnsafeMutableRawPointer, _ page: Int) throws(Refusal) -> UInt64 {
    address.storeBytes(of: stamp, as: UInt64.self)
    address.storeBytes(of: UInt64(page), toByteOffset: 8, as: UInt64.self)
    return try pagemap.frame(of: address)
  }

  /// What one frame shows.
  enum Sighting { case readable, gone, unclear }

  /// - Parameter page: whose pattern must be there; nil where the frame has been given back.
  func sighting(of frame: UInt64, page: Int?) throws(Refusal) -> Sighting {
    do throws(Errno) {
      switch try sight.look(at: frame) {
      case .absent: return .gone
      case .zeros: return page == nil ? .unclear : .gone
      case .content(let bytes):
        guard let page else { return .readable }
        let words = bytes.withUnsafeBytes {
          ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self))
        }
        return words == (stamp, UInt64(page)) ? .readable : .unclear
      }
    } catch { throw .failed(call: "looking at a frame through \(sight.name)", error) }
  }

  /// Looks at frames, and again after a moment at those that are not yet as they should be: stale translations
  /// go, and the kernel may free a little later than the call that frees.
  private func look(
    _ step: DirectMapLook.Step, at frames: ArraySlice<UInt64>, holdsPattern: Bool, expectGone: Bool,
    from first: Int = 0
  ) throws(Refusal) -> DirectMapLook {
    var result = DirectMapLook(step, frames: frames.count, gone: 0)
    var stale: Set<UInt64> = []
    for attempt in 0..<Self.looks {
      result.gone = 0
      result.unclear = 0
      for (index, frame) in frames.enumerated() {
        switch try sighting(of: frame, page: holdsPattern ? first + index : nil) {
        case .gone: result.gone += 1
        case .unclear: result.unclear += 1
        case .readable: if attempt == 0, expectGone { stale.insert(frame) }
        }
      }
      if result.gone + result.unclear == (expectGone ? frames.count : result.unclear) { break }
      ckernel_rest(Self.restMicroseconds)
    }
    if result.gone == frames.count { result.stale = stale.count }
    return result
  }
}
