// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Harness
import Helpers
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

extension Holder {
  /// Of a block's memory, on the measuring CPU and by its memory policy.
  fileprivate static func start(
    _ measured: Case, _ context: MeasuringContext, touches: Bool
  ) throws(Refusal) -> Holder {
    guard let program = context.cpus.bystanders.program else {
      throw .failed("no program to start a holder from")
    }
    let bytes = measured.pages * context.pageBytes
    // Closed on return: the holder's is the last.
    let file = try context.memory.file(measured.backing, bytes: bytes)
    let memory: Memory =
      switch file {
      case .some(let file): .file(file.descriptor.number)
      case .none: measured.backing.isHuge ? .anonymousHuge : .anonymous
      }
    return try start(program: program, memory: memory, bytes: bytes, touched: touches ? bytes : 0)
  }
}
