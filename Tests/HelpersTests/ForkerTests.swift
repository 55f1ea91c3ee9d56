// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import Foundation
import GuestMemory
import TestSupport
import Testing

/// The process that a run has fork: its page tables are as many as asked for.
@Suite("a process that forks", .serialized, .enabled(if: builtProgram != nil, "the built gmembench"))
struct ForkerTests {
  private static let pages = 200
  private static let pageBytes = 4096

  @Test func itHasItsPageTablesAndForks() throws {
    let program: String = try #require(builtProgram)
    let every = 16
    let file = try MemoryFile.memfd(bytes: (Self.pages + every - 1) / every * Self.pageBytes)
    var forker = chelpers_forker()
    try check(
      chelpers_forker_start(
        program, file.descriptor.number, Self.pages, every, CKERNEL_CLOCK_MONOTONIC, &forker), "starting")
    defer { close(forker.channel) }
    let status = try String(contentsOfFile: "/proc/\(forker.pid)/status", encoding: .utf8)
    let tables = status.split(separator: "\n").first { $0.hasPrefix("VmPTE:") }
    let kibibytes = tables?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    #expect(try #require(kibibytes) >= Self.pages * Self.pageBytes >> 10)
    // The pages between were all taken in.
    var information = stat()
    try #require(fstat(file.descriptor.number, &information) == 0)
    #expect(Int(information.st_blocks) * 512 == file.bytes)
    var ticks = [UInt64](repeating: 0, count: 3)
    #expect(chelpers_forker_fork(&forker, 3, &ticks) == 0)
    #expect(ticks.allSatisfy { $0 > 0 })
    // Its children are reaped.
    let children = try String(
      contentsOfFile: "/proc/\(forker.pid)/task/\(forker.pid)/children", encoding: .utf8)
    #expect(children.isEmpty)
    ckernel_process_end(forker.pid)
    #expect(chelpers_forker_fork(&forker, 1, &ticks) < 0)
  }

  @Test func oneWithoutMemoryIsRefused() throws {
    let program: String = try #require(builtProgram)
    let file = try MemoryFile.memfd(bytes: Self.pageBytes)
    var forker = chelpers_forker()
    #expect(
      chelpers_forker_start(
        program, file.descriptor.number, Self.pages, 1, CKERNEL_CLOCK_MONOTONIC, &forker) == -EFAULT)
    #expect(
      chelpers_forker_start(
        "/nonexistent", file.descriptor.number, Self.pages, 1, CKERNEL_CLOCK_MONOTONIC, &forker) == -ENOENT)
  }
}
