// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import Glibc
import GuestMemory
import Model

/// A process with large page tables that forks when it is asked to; ends with its owner.
public struct Forker: ~Copyable {
  private let forker: chelpers_forker

  private init(_ forker: chelpers_forker) { self.forker = forker }

  /// On this thread's CPU and by its memory policy, which a child inherits. Waits until all is laid out.
  /// - Parameters:
  ///   - program: the executable to start (``serve(parent:tables:every:clock:)``).
  ///   - file: of which it touches a page before every `every` page tables; it has given that memory up on return.
  public static func start(
    program: String, file: Int32, tables: Int, every: Int, clock: ckernel_clock
  ) throws(Refusal) -> Forker {
    var forker = chelpers_forker()
    try check(
      chelpers_forker_start(program, file, tables, every, clock, &forker),
      "starting a process with page tables")
    return Forker(forker)
  }

  deinit {
    ckernel_process_end(forker.pid)
    close(forker.channel)
  }

  /// Each time to the child's end. 0 or -errno.
  public func fork(_ times: Int, _ ticks: UnsafeMutablePointer<UInt64>) -> Int32 {
    withUnsafePointer(to: forker) { chelpers_forker_fork($0, times, ticks) }
  }

  /// What the process itself does, until its owner's end of the channel closes: the arguments are those that it was
  /// started with.
  ///
  /// - Returns: whether it ended as it was told to.
  public static func serve(parent: pid_t, tables: Int, every: Int, clock: UInt32) -> Bool {
    chelpers_forker_main(parent, tables, every, ckernel_clock(rawValue: clock)) == 0
  }
}
