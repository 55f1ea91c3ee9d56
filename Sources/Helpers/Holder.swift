// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import Glibc
import GuestMemory
import Model

/// A process that holds memory, and its last reference; ends with its owner.
public struct Holder: ~Copyable {
  /// What it holds.
  public enum Memory {
    case anonymous
    case anonymousHuge
    /// The file behind this descriptor. Once the caller has closed his own, the holder's is the last.
    case file(Int32)
  }

  public let pid: pid_t
  private let holding: chelpers_holding

  private init(pid: pid_t, holding: chelpers_holding) {
    self.pid = pid
    self.holding = holding
  }

  /// On this thread's CPU and by its memory policy, which a child inherits. Waits until the memory is held.
  /// - Parameters:
  ///   - program: the executable to start (``serve(parent:memory:bytes:touched:)``).
  ///   - touched: so many of the bytes are touched, from the first on.
  public static func start(
    program: String, memory: Memory, bytes: Int, touched: Int
  ) throws(Refusal) -> Holder {
    let (kind, descriptor): (chelpers_held_memory, Int32) =
      switch memory {
      case .anonymous: (CHELPERS_HELD_ANONYMOUS, -1)
      case .anonymousHuge: (CHELPERS_HELD_ANONYMOUS_HUGE, -1)
      case .file(let descriptor): (CHELPERS_HELD_FILE, descriptor)
      }
    var holding = chelpers_holding()
    let pid = try check(
      chelpers_holder_start(program, kind, descriptor, UInt64(bytes), UInt64(touched), &holding),
      "starting a process that holds the memory")
    return Holder(pid: pid, holding: holding)
  }

  deinit { ckernel_process_end(pid) }

  /// Where the memory is, in the holder's own address space.
  public var base: UnsafeMutableRawPointer {
    get throws(Refusal) {
      guard let base = UnsafeMutableRawPointer(bitPattern: UInt(holding.base)) else {
        throw .failed("the process that holds the memory has not mapped it")
      }
      return base
    }
  }

  /// Minor faults of touching it.
  public var faults: Int64 { Int64(clamping: holding.faults) }

  /// Gives the process up: the caller ends it.
  public consuming func release() -> pid_t {
    let pid = pid
    discard self
    return pid
  }

  /// What the process itself does, until it is killed; returns only where it could not hold the memory. The arguments
  /// are those that it was started with.
  public static func serve(parent: pid_t, memory: UInt32, bytes: UInt64, touched: UInt64) {
    _ = chelpers_holder_main(parent, chelpers_held_memory(rawValue: memory), bytes, touched)
  }
}
