// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import Glibc
import GuestMemory
import Machine
import TestSupport
import Testing

/// The process that a run kills: it holds what it says, and starting it disturbs nothing.
@Suite("a process that holds memory", .serialized, .enabled(if: builtProgram != nil, "the built gmembench"))
struct HolderTests {
  private static let bytes = 1 << 20

  private func start(
    _ memory: chelpers_held_memory, file: Int32 = -1, touched: Int = bytes
  ) throws -> (pid: pid_t, holding: chelpers_holding) {
    let program: String = try #require(builtProgram)
    var holding = chelpers_holding()
    let pid = chelpers_holder_start(
      program, memory, file, UInt64(Self.bytes), UInt64(touched), &holding)
    return (pid, holding)
  }

  private func isThere(_ pid: pid_t) -> Bool { kill(pid, 0) == 0 }

  @Test(arguments: [CHELPERS_HELD_ANONYMOUS, CHELPERS_HELD_ANONYMOUS_HUGE])
  func itHoldsMemoryUntilItIsEnded(memory: chelpers_held_memory) throws {
    let (pid, holding) = try start(memory)
    try check(pid, "starting")
    #expect(isThere(pid))
    #expect(memory != CHELPERS_HELD_ANONYMOUS || holding.faults >= 256)
    let base = try #require(UnsafeMutableRawPointer(bitPattern: UInt(holding.base)))
    // Nil where a sandbox does not let one ask.
    if let nodes = MemoryPolicy.nodes(of: base, in: pid, pageBytes: 4096, count: 256) {
      #expect(nodes.allSatisfy { $0 >= 0 })
    }
    ckernel_process_end(pid)
    #expect(!isThere(pid))
  }

  @Test func whatItDoesNotTouchIsNotThere() throws {
    let (pid, holding) = try start(CHELPERS_HELD_ANONYMOUS, touched: 0)
    try check(pid, "starting")
    #expect(holding.faults < 8)
    ckernel_process_end(pid)
  }

  /// Pages past the end of a file cannot be had.
  @Test func memoryThatCannotBeHadIsReported() throws {
    let file = try MemoryFile.memfd(bytes: 4096)
    let (pid, _) = try start(CHELPERS_HELD_FILE, file: file.descriptor.number)
    #expect(pid == -EFAULT)
  }

  @Test func aProgramThatIsNotThereIsReported() {
    var holding = chelpers_holding()
    #expect(
      chelpers_holder_start("/nonexistent", CHELPERS_HELD_ANONYMOUS, -1, 4096, 4096, &holding) == -ENOENT)
  }

  /// A fork would make them copy-on-write: one fault more for each.
  @Test func residentBuffersStayResident() throws {
    let buffer = try Region.resident(bytes: Self.bytes)
    let (pid, _) = try start(CHELPERS_HELD_ANONYMOUS)
    try check(pid, "starting")
    var before = ckernel_thread_usage()
    var after = ckernel_thread_usage()
    try check(ckernel_thread_usage(&before), "getrusage")
    memset(buffer.base, 1, Self.bytes)
    try check(ckernel_thread_usage(&after), "getrusage")
    #expect(after.minor_faults - before.minor_faults < 16)
    ckernel_process_end(pid)
  }
}
