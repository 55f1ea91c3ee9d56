// SPDX-License-Identifier: Apache-2.0
import CKernel
import Model

/// The memory of one block: a fresh file, or none for anonymous memory, and its mapping.
public struct BlockMemory: ~Copyable {
  public var file: MemoryFile?
  public var region: Region?
  /// Host faults of filling it, once that was done.
  public private(set) var faultsUntimed: Int64?

  /// Fresh memory of a backing, mapped and untouched.
  ///
  /// - Parameter aligned: as of `Region.mapping`.
  public init(
    _ backing: Backing, bytes: Int, aligned: Bool = false, from factory: MemoryFactory
  ) throws(Refusal) {
    let file = try factory.file(backing, bytes: bytes)
    region = try factory.region(backing, of: file, bytes: bytes, aligned: aligned)
    self.file = file
  }

  /// Where the mapping begins.
  public var base: UnsafeMutableRawPointer {
    get throws(Refusal) {
      switch region {
      case .some(let region): return region.base
      case .none: throw .failed("the block's memory is not mapped")
      }
    }
  }

  /// The file's descriptor; -1 for anonymous memory.
  public var descriptor: Int32 {
    switch file {
    case .some(let file): file.descriptor.number
    case .none: -1
    }
  }

  /// Has every page of fresh memory touched, untimed, and keeps how many faults that took.
  public mutating func populate(
    by touch: (UnsafeMutableRawPointer) throws(Refusal) -> Void
  ) throws(Refusal) {
    var (before, after) = (ckernel_thread_usage(), ckernel_thread_usage())
    try check(ckernel_thread_usage(&before), "getrusage")
    try touch(base)
    try check(ckernel_thread_usage(&after), "getrusage")
    faultsUntimed = after.minor_faults - before.minor_faults
  }

  /// Gives the mapping up: the caller unmaps it.
  public mutating func takeMapping() throws(Refusal) -> (base: UnsafeMutableRawPointer, bytes: Int) {
    guard let region = region.take() else { throw .failed("the block's memory is not mapped") }
    return region.release()
  }

  /// Mapping and file as two owners.
  public consuming func split() throws(Refusal) -> BlockMemoryParts {
    guard let region = region.take() else { throw .failed("the block's memory is not mapped") }
    return BlockMemoryParts(region: region, file: file.take())
  }

  public mutating func unmap() { _ = region.take() }
  public mutating func closeFile() { _ = file.take() }

  /// Gives the descriptor up: the caller closes it.
  public mutating func takeDescriptor() throws(Refusal) -> Int32 {
    guard let file = file.take() else { throw .failed("the block's memory has no file") }
    return file.release()
  }
}

/// What `BlockMemory.split` gives: tuples take no noncopyable owner.
public struct BlockMemoryParts: ~Copyable {
  public let region: Region
  public let file: MemoryFile?
}
