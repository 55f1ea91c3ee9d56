// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Loops
import Model

/// The memory of one block: a fresh file, or none for anonymous memory, and its mapping.
struct BlockMemory: ~Copyable {
  var file: MemoryFile?
  var region: Region?
  /// Host faults of filling it, once that was done.
  private(set) var faultsUntimed: Int64?

  /// Fresh memory, mapped and untouched.
  init(_ measured: Case, _ context: MeasuringContext) throws(Refusal) {
    try self.init(
      measured.backing, bytes: measured.pages * context.pageBytes, aligned: measured.threads > 1, context)
  }

  /// - Parameter aligned: as of `Region.mapping`.
  init(_ backing: Backing, bytes: Int, aligned: Bool = false, _ context: MeasuringContext) throws(Refusal) {
    let file = try context.memory.file(backing, bytes: bytes)
    region = try context.memory.region(backing, of: file, bytes: bytes, aligned: aligned)
    self.file = file
  }

  /// Where the mapping begins.
  var base: UnsafeMutableRawPointer {
    get throws(Refusal) {
      switch region {
      case .some(let region): return region.base
      case .none: throw .failed("the block's memory is not mapped")
      }
    }
  }

  /// The file's descriptor; -1 for anonymous memory.
  var descriptor: Int32 {
    switch file {
    case .some(let file): file.descriptor.number
    case .none: -1
    }
  }

  /// Touches every page of fresh memory, untimed, and keeps how many faults that took.
  mutating func populate(_ measured: Case, _ context: MeasuringContext) throws(Refusal) {
    var (before, after) = (ckernel_thread_usage(), ckernel_thread_usage())
    try check(ckernel_thread_usage(&before), "getrusage")
    try context.touchAll(base, measured)
    try check(ckernel_thread_usage(&after), "getrusage")
    faultsUntimed = after.minor_faults - before.minor_faults
  }

  /// Where its pages lie, and what filling it took.
  func placed(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> Placed {
    var placed = context.placement(of: try base, measured)
    placed.faultsUntimed = faultsUntimed
    return placed
  }

  /// Gives the mapping up: the caller unmaps it.
  mutating func takeMapping() throws(Refusal) -> (base: UnsafeMutableRawPointer, bytes: Int) {
    guard let region = region.take() else { throw .failed("the block's memory is not mapped") }
    return region.release()
  }

  /// Mapping and file as two owners.
  consuming func split() throws(Refusal) -> BlockMemoryParts {
    guard let region = region.take() else { throw .failed("the block's memory is not mapped") }
    return BlockMemoryParts(region: region, file: file.take())
  }

  mutating func unmap() { _ = region.take() }
  mutating func closeFile() { _ = file.take() }

  /// Gives the descriptor up: the caller closes it.
  mutating func takeDescriptor() throws(Refusal) -> Int32 {
    guard let file = file.take() else { throw .failed("the block's memory has no file") }
    return file.release()
  }
}

/// What `BlockMemory.split` gives: tuples take no noncopyable owner.
struct BlockMemoryParts: ~Copyable {
  let region: Region
  let file: MemoryFile?
}

extension Case {
  /// Pages that one call covers.
  var pagesPerCall: Int { batch ?? pages }
}

/// What touching a region came to.
struct Touched {
  var samples: Samples
  var counted: Counted
  /// As KVM counted them; nil where the host touched it.
  var guestFaults: VirtualCPUStats?
  /// Nil but where several threads or vCPUs touched it.
  var concurrency: Concurrency?

  func reading(_ placed: Placed, _ context: MeasuringContext) -> BlockReading {
    var reading = context.reading(samples, counted, placed)
    reading.faultsTaken = guestFaults?.faultsTaken
    reading.faultsFixed = guestFaults?.faultsFixed
    reading.concurrency = concurrency
    return reading
  }
}

extension MeasuringContext {
  /// Makes the memory under test.
  var memory: MemoryFactory { MemoryFactory(kvm) }

  /// The block whose every page is touched, each timed, and whose memory is then asked for its place.
  func touch(_ base: UnsafeMutableRawPointer, _ measured: Case) throws(Refusal) -> BlockReading {
    try timedTouch(base, measured).reading(placement(of: base, measured), self)
  }

  /// Touches every page of a mapping, each timed, with counters around: by as many threads as the case has.
  func timedTouch(_ base: UnsafeMutableRawPointer, _ measured: Case) throws(Refusal) -> Touched {
    guard measured.threads == 1 else { return try Threads.timedTouch(base, measured, self) }
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    let order = buffers.order(measured.order, pages: measured.pages)
    let counted = try timed("touching the region") {
      loops_touch(bytes, pageBytes, order.baseAddress, measured.pages, clock.kind, buffers.ticks)
    }
    return Touched(samples: stampSamples(measured), counted: counted)
  }

  /// Touches every page of a mapping, untimed.
  func touchAll(_ base: UnsafeMutableRawPointer, _ measured: Case) throws(Refusal) {
    var ticks: UInt64 = 0
    let order = buffers.order(measured.order, pages: measured.pages)
    let result = loops_touch_whole(
      base.assumingMemoryBound(to: UInt8.self), pageBytes, order.baseAddress, measured.pages, false,
      clock.kind, &ticks)
    try check(result, "touching the region")
  }
}
