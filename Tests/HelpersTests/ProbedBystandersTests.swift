// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Helpers
import Machine
import Model
import TestSupport
import Testing

private let allowed = Affinity.current() ?? CPUSet([])

/// The interrupt of the probes is a gap of a bystander process.
@Suite(
  "probed bystander processes", .serialized,
  .enabled(if: builtProgram != nil && allowed.count > 1, "the built gmembench and a second CPU"))
struct ProbedBystandersTests {
  /// Not after a vCPU: there the kernel may no longer find the process (`Pass` then has no such probe).
  @Test(arguments: [BusyState.spin, .syscall, .walk])
  func theProbesInterruptReachesAProcessThatSpins(state: BusyState) throws {
    let program: String = try #require(builtProgram)
    let cpu = try #require(allowed.members.first)
    try Affinity.pin(toCPU: allowed.members[1])
    defer { Affinity.restore(allowed) }
    let processes = try BystanderProcesses(
      program: program, cpus: CPUSet([cpu]), clock: CKERNEL_CLOCK_MONOTONIC)
    try processes.hold(CPUSet([cpu]), state)
    usleep(20_000)
    try processes.hold(CPUSet([cpu]), .spin)
    let before = processes.gaps
    var ticks: UInt64 = 0
    try #require(ckernel_probe_interrupt(CKERNEL_CLOCK_MONOTONIC, 32, &ticks) == 0)
    // The last gap is counted after its interrupt.
    usleep(1_000)
    // Some may fall into one gap on a machine that is busy.
    #expect(processes.gaps - before >= 8)
  }
}
