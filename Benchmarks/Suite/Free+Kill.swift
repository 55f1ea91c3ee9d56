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
        method: "whole sequence", backings: mappable, tier: .detail, isPathLength: false), measure: kill),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "kill-empty",
        summary: "the same of one that never touched it: what of kill is the process",
        method: "whole sequence", backings: mappable, tier: .detail, isPathLength: false), measure: killEmpty),
  ]

  private static func kill(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let holder = try Holder.start(measured, bench, touches: true)
    holder.verify(measured, bench)
    try timedKill(holder, measured, bench)
  }

  private static func killEmpty(_ measured: Case, _ bench: Workbench) throws(Refusal) {
    let holder = try Holder.start(measured, bench, touches: false)
    bench.assumePlacement()
    try timedKill(holder, measured, bench)
  }

  private static func timedKill(
    _ holder: consuming Holder, _ measured: Case, _ bench: Workbench
  ) throws(Refusal) {
    let pid = holder.release()
    try bench.timed("SIGKILL and the wait") { loops_kill(pid, bench.clock.kind, bench.ticks) }
    bench.recordCall(pages: measured.pages)
  }
}

extension Holder {
  /// Of a block's memory, on the measuring CPU and by its memory policy.
  fileprivate static func start(
    _ measured: Case, _ bench: Workbench, touches: Bool
  ) throws(Refusal) -> Holder {
    guard let program = bench.companions.program else { throw .failed("no program to start a holder from") }
    let bytes = measured.pages * bench.pageBytes
    // Closed on return: the holder's is the last.
    let file = try Subject.file(measured.backing, bytes: bytes, bench)
    let memory: Memory =
      switch file {
      case .some(let file): .file(file.descriptor.number)
      case .none: measured.backing == .anonymousHuge ? .anonymousHuge : .anonymous
      }
    return try start(program: program, memory: memory, bytes: bytes, touched: touches ? bytes : 0)
  }

  /// Asks the kernel where the holder's pages are, and whether huge pages came as such.
  fileprivate func verify(_ measured: Case, _ bench: Workbench) {
    guard let base else { return }
    bench.verifyPlacement(base, of: pid, pages: measured.pages, node: measured.memoryNode)
    bench.record(faultsUntimed: faults)
  }
}
