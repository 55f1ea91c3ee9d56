// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import HostChanges
import Machine
import Model
import SystemPackage

/// Takes memory through its life and reads, after each step, its frames through the kernel's own mapping. One page at a
/// time: /dev/mem refuses a whole read for one missing page.
///
/// How it can mislead: a read speaks for the TLB of the CPU that reads, so the process stays on the CPU that
/// faulted; /proc/kcore shows zeros for what is missing, so every page bears a pattern; frames without a user
/// mapping are told by what a scan of all RAM finds missing, which others may change meanwhile.
public final class DirectMapVerifier {
  let context: VerificationContext
  let pages: Int
  let reader: KernelMemoryReader
  let pagemap: Pagemap
  /// All RAM, where scans are wanted and can be had.
  let ram: Result<[Range<UInt64>], Refusal>
  /// Pages of one run bear what those of another do not.
  private let stamp = ckernel_clock_monotonic() | 1

  /// How often and after how long a frame is read again that is not yet as it should be.
  private static let attempts = 10
  private static let restMicroseconds: UInt64 = 20_000

  /// - Parameters:
  ///   - pages: of each backing.
  ///   - scans: whether to read all RAM for frames that no user mapping names.
  public init(_ context: VerificationContext, pages: Int, scans: Bool) throws(Refusal) {
    self.context = context
    self.pages = pages
    reader = try KernelMemoryReader.open(pageBytes: context.pageBytes)
    pagemap = try Pagemap(pageBytes: context.pageBytes)
    ram = Self.systemRAM(reader, scans: scans)
  }

  private static func systemRAM(
    _ reader: borrowing KernelMemoryReader, scans: Bool
  ) -> Result<[Range<UInt64>], Refusal> {
    guard scans else { return .failure(.unsupported("frames without a user mapping", remedy: "--scan")) }
    if let refusal = reader.scanRefusal { return .failure(refusal) }
    let text = SystemFiles().text("/proc/iomem") ?? ""
    let frames = SystemRAM.frames(inText: text, pageBytes: reader.pageBytes)
    guard !frames.isEmpty else {
      return .failure(.unsupported("/proc/iomem shows no System RAM", remedy: "run as root"))
    }
    return .success(frames)
  }

  /// Observes every backing. Interrupted, it gives what it has.
  public func run(_ backings: [Backing]) throws(Refusal) -> DirectMapReport {
    let flushes = Self.holdsFlush ? true : SystemFiles().line(FlushSwitch.path).map { $0 == "Y" }
    var report = DirectMapReport(memoryFile: reader.name, flushes: flushes)
    let before = try scan()
    if let before, let ranges = try? ram.get() {
      report.scan = .init(frames: ranges.reduce(0) { $0 + $1.count }, before: before.count)
    }
    report.rows = try Self.flushing {
      backings.compactMap { backing in
        context.isInterrupted ? nil : DirectMapRow(backing, observe(backing), flushes: flushes)
      }
    }
    let flushed = backings.first { $0.isGuestMemfd && $0.isMappable && $0.removesDirectMap }
    if let flushed, !context.isInterrupted {
      report.flushObservations = Result { () throws(Refusal) in try observeFlush(flushed) }
    }
    if !context.isInterrupted { report.scan?.after = try? scan()?.count }
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

  private func observe(_ backing: Backing) -> Result<[DirectMapObservation], Refusal> {
    Result { () throws(Refusal) in
      try context.require(backing, bytes: pages(of: backing) * context.pageBytes)
      return backing.isPrivate ? try observePrivate(backing) : try observeHostMapped(backing)
    }
  }

  /// Pages of one backing's region; huge pages need whole ones.
  func pages(of backing: Backing) -> Int {
    let run = backing.faultBytes(pageBytes: context.pageBytes) / context.pageBytes
    return (pages + run - 1) / run * run
  }

  /// Most pages that any backing's region takes for a number asked for.
  public static func capacity(pages: Int, pageBytes: Int) -> Int {
    let run = hugePageBytes / pageBytes
    return (pages + run - 1) / run * run
  }

  // MARK: memory that the host maps

  private func observeHostMapped(_ backing: Backing) throws(Refusal) -> [DirectMapObservation] {
    let pages = pages(of: backing)
    let bytes = pages * context.pageBytes
    let hasFallocate = backing.hasFallocate
    let removes = backing.removesDirectMap
    var seen: [DirectMapObservation] = []
    let before = hasFallocate ? try scan() : nil
    var memory = try BlockMemory(backing, bytes: bytes, from: context.memory)
    if hasFallocate {
      try check(ckernel_allocate(memory.descriptor, 0, UInt64(bytes)), "fallocate")
      if let before, let now = try scan() {
        seen.append(DirectMapObservation(.allocated, frames: pages, gone: now.subtracting(before).count))
      }
    }
    try check(ckernel_touch(try memory.base, context.pageBytes, pages), "touching the region")
    let frames = try stampPages(memory.base, count: pages)
    seen.append(try observe(.faulted, frames[...], holdsPattern: true, expectGone: removes))
    // On memfd_secret it is refused (its mappings are locked); on anonymous memory it would free.
    if hasFallocate {
      try check(ckernel_madvise(memory.base, bytes, MADV_DONTNEED), "MADV_DONTNEED")
    }
    memory.unmap()
    guard backing.hasFile else {
      return seen + [try observe(.closed, frames[...], holdsPattern: false, expectGone: false)]
    }
    seen.append(try observe(.unmapped, frames[...], holdsPattern: true, expectGone: removes))
    let punched = hasFallocate ? (frames.count + 1) / 2 : 0
    if punched > 0 {
      try check(
        ckernel_punch_hole(memory.descriptor, 0, UInt64(punched * context.pageBytes)),
        "fallocate(PUNCH_HOLE)")
      seen.append(try observe(.punched, frames[..<punched], holdsPattern: false, expectGone: false))
    }
    memory.closeFile()
    if punched == frames.count { return seen }
    seen.append(
      try observe(.closed, frames[punched...], holdsPattern: false, expectGone: false, from: punched))
    return seen
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

  /// What reading one frame says of it.
  enum FrameState { case readable, gone, unclear }

  /// - Parameter page: whose pattern must be there; nil where the frame has been given back.
  func state(of frame: UInt64, page: Int?) throws(Refusal) -> FrameState {
    do throws(Errno) {
      switch try reader.read(frame: frame) {
      case .absent: return .gone
      case .zeros: return page == nil ? .unclear : .gone
      case .bytes(let bytes):
        guard let page else { return .readable }
        let words = bytes.withUnsafeBytes {
          ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self))
        }
        return words == (stamp, UInt64(page)) ? .readable : .unclear
      }
    } catch { throw .failed(call: "looking at a frame through \(reader.name)", error) }
  }

  /// Reads frames, and again after a moment where they are not yet as they should be: stale translations go, and the
  /// kernel may free a little later than the call that frees.
  private func observe(
    _ step: DirectMapObservation.Step, _ frames: ArraySlice<UInt64>, holdsPattern: Bool, expectGone: Bool,
    from first: Int = 0
  ) throws(Refusal) -> DirectMapObservation {
    var result = DirectMapObservation(step, frames: frames.count, gone: 0)
    var stale: Set<UInt64> = []
    for attempt in 0..<Self.attempts {
      result.gone = 0
      result.unclear = 0
      for (index, frame) in frames.enumerated() {
        switch try state(of: frame, page: holdsPattern ? first + index : nil) {
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
