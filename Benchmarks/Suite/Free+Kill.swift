// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Loops
import Model

/// The end of the process that holds the memory.
extension Free {
  static let killed: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "kill",
        summary: "SIGKILL of the process that holds the memory, to its end",
        method: "whole sequence", backings: Backing.mappable, tier: .detail, isPathLength: false),
      measure: kill),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "kill-empty",
        summary: "the same of one that never touched it: what of kill is the process",
        method: "whole sequence", backings: Backing.mappable, tier: .detail, isPathLength: false),
      measure: killEmpty),
  ]

  private static func kill(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let holder = try Holder.start(measured, context, touches: true)
    var placed = context.placement(of: try holder.base, process: holder.pid, measured)
    placed.faultsUntimed = holder.faults
    return try timedKill(holder, placed, measured, context)
  }

  private static func killEmpty(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let holder = try Holder.start(measured, context, touches: false)
    return try timedKill(holder, context.assumedPlacement, measured, context)
  }

  private static func timedKill(
    _ holder: consuming Holder, _ placed: Placed, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let pid = holder.release()
    let counted = try context.timed("SIGKILL and the wait") {
      loops_kill(pid, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(context.callSample(pages: measured.pages), counted, placed)
  }
}

/// A process that holds a block's memory, and its last reference; ends with its owner.
struct Holder: ~Copyable {
  let pid: pid_t
  private let holding: ckernel_holding

  private init(pid: pid_t, holding: ckernel_holding) {
    self.pid = pid
    self.holding = holding
  }

  /// On the measuring CPU and by its memory policy, which a child inherits.
  static func start(_ measured: Case, _ context: MeasuringContext, touches: Bool) throws(Refusal) -> Holder {
    guard let program = context.cpus.companions.program else {
      throw .failed("no program to start a holder from")
    }
    let bytes = measured.pages * context.pageBytes
    let memory =
      measured.backing.hasFile
      ? CKERNEL_HELD_FILE : measured.backing.isHuge ? CKERNEL_HELD_ANONYMOUS_HUGE : CKERNEL_HELD_ANONYMOUS
    // Closed on return: the holder's is the last.
    let file = try context.memory.file(measured.backing, bytes: bytes)
    let descriptor: Int32 =
      switch file {
      case .some(let file): file.descriptor.number
      case .none: -1
      }
    var holding = ckernel_holding()
    let pid = try check(
      ckernel_holder_start(
        program, memory, descriptor, UInt64(bytes), UInt64(touches ? bytes : 0), &holding),
      "starting a process that holds the memory")
    return Holder(pid: pid, holding: holding)
  }

  deinit { ckernel_process_end(pid) }

  /// Where its memory begins, in its own address space.
  var base: UnsafeMutableRawPointer {
    get throws(Refusal) {
      guard let base = UnsafeMutableRawPointer(bitPattern: UInt(holding.base)) else {
        throw .failed("the process that holds the memory has not mapped it")
      }
      return base
    }
  }

  /// Its host faults of filling the memory.
  var faults: Int64 { Int64(clamping: holding.faults) }

  /// Gives the process up: the caller ends it.
  consuming func release() -> pid_t {
    let pid = pid
    discard self
    return pid
  }
}
