// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Loops
import Model

extension BlockMemory {
  /// Fresh memory of a case, mapped and untouched.
  init(_ measured: Case, _ context: MeasuringContext) throws(Refusal) {
    try self.init(
      measured.backing, bytes: measured.pages * context.pageBytes, aligned: measured.threads > 1, context)
  }

  init(_ backing: Backing, bytes: Int, aligned: Bool = false, _ context: MeasuringContext) throws(Refusal) {
    try self.init(backing, bytes: bytes, aligned: aligned, from: context.memory)
  }

  /// Touches every page of fresh memory, untimed, in the case's order.
  mutating func populate(_ measured: Case, _ context: MeasuringContext) throws(Refusal) {
    try populate { base throws(Refusal) in try context.touchAll(base, measured) }
  }

  /// Where its pages lie, and what filling it took.
  func placed(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> Placed {
    var placed = context.placement(of: try base, measured)
    placed.faultsUntimed = faultsUntimed
    return placed
  }
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
