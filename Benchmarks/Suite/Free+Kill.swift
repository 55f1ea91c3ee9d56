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

/// A process that holds a block's memory, and its last reference; ends with its owner.
struct Holder: ~Copyable {
  private let pid: pid_t
  private let holding: ckernel_holding

  private init(pid: pid_t, holding: ckernel_holding) {
    self.pid = pid
    self.holding = holding
  }

  /// On the measuring CPU and by its memory policy, which a child inherits.
  static func start(_ measured: Case, _ bench: Workbench, touches: Bool) throws(Refusal) -> Holder {
    guard let program = bench.companions.program else { throw .failed("no program to start a holder from") }
    let bytes = measured.pages * bench.pageBytes
    let memory =
      measured.backing.hasFile
      ? CKERNEL_HELD_FILE : measured.backing.isHuge ? CKERNEL_HELD_ANONYMOUS_HUGE : CKERNEL_HELD_ANONYMOUS
    // Closed on return: the holder's is the last.
    let file = try bench.memory.file(measured.backing, bytes: bytes)
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

  /// Asks the kernel where the holder's pages are, and whether huge pages came as such.
  func verify(_ measured: Case, _ bench: Workbench) {
    guard let base = UnsafeMutableRawPointer(bitPattern: UInt(holding.base)) else { return }
    bench.verifyPlacement(base, of: pid, pages: measured.pages, node: measured.memoryNode)
    bench.record(faultsUntimed: Int64(clamping: holding.faults))
  }

  /// Gives the process up: the caller ends it.
  consuming func release() -> pid_t {
    let pid = pid
    discard self
    return pid
  }
}
