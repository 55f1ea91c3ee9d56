// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Loops
import Model

/// The memory of one block: a fresh file, or none for anonymous memory, and its mapping.
struct Subject: ~Copyable {
  var file: MemoryFile?
  var region: Region?

  /// Fresh memory, mapped and untouched.
  init(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    try self.init(measured.backing, bytes: measured.pages * bench.pageBytes, bench)
  }

  init(_ backing: Backing, bytes: Int, _ bench: Workbench) throws(Refusal) {
    let file = try bench.memory.file(backing, bytes: bytes)
    region = try bench.memory.region(backing, of: file, bytes: bytes)
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

  /// Touches every page of fresh memory, untimed, and records how many faults that took.
  func populate(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    var (before, after) = (ckernel_thread_usage(), ckernel_thread_usage())
    try check(ckernel_thread_usage(&before), "getrusage")
    try bench.touchAll(base, measured)
    try check(ckernel_thread_usage(&after), "getrusage")
    bench.record(faultsUntimed: after.minor_faults - before.minor_faults)
  }

  /// Gives the mapping up: the caller unmaps it.
  mutating func takeMapping() throws(Refusal) -> (base: UnsafeMutableRawPointer, bytes: Int) {
    guard let region = region.take() else { throw .failed("the block's memory is not mapped") }
    return region.release()
  }

  /// Mapping and file as two owners.
  consuming func split() throws(Refusal) -> SubjectParts {
    guard let region = region.take() else { throw .failed("the block's memory is not mapped") }
    return SubjectParts(region: region, file: file.take())
  }

  mutating func unmap() { _ = region.take() }
  mutating func closeFile() { _ = file.take() }

  /// Gives the descriptor up: the caller closes it.
  mutating func takeDescriptor() throws(Refusal) -> Int32 {
    guard let file = file.take() else { throw .failed("the block's memory has no file") }
    return file.release()
  }
}

/// What `Subject.split` gives: tuples take no noncopyable owner.
struct SubjectParts: ~Copyable {
  let region: Region
  let file: MemoryFile?
}

extension Case {
  /// Pages that one call covers.
  var pagesPerCall: Int { batch ?? pages }
}

extension Workbench {
  /// Makes the memory under test.
  var memory: MemoryFactory { MemoryFactory(kvm) }

  /// Touches every page of a mapping, each timed, with counters around: by as many threads as the case has.
  func timedTouch(_ base: UnsafeMutableRawPointer, _ measured: Case) throws(Refusal) {
    if measured.threads > 1 {
      try Threads.timedTouch(base, measured, self)
    } else {
      let bytes = base.assumingMemoryBound(to: UInt8.self)
      let order = order(measured.order, pages: measured.pages)
      try timed("touching the region") {
        loops_touch(bytes, pageBytes, order.baseAddress, measured.pages, clock.kind, ticks)
      }
      recordStamps(measured)
    }
  }

  /// Touches every page of a mapping, untimed.
  func touchAll(_ base: UnsafeMutableRawPointer, _ measured: Case) throws(Refusal) {
    var ticks: UInt64 = 0
    let order = order(measured.order, pages: measured.pages)
    let result = loops_touch_whole(
      base.assumingMemoryBound(to: UInt8.self), pageBytes, order.baseAddress, measured.pages, false,
      clock.kind,
      &ticks)
    try check(result, "touching the region")
  }
}
