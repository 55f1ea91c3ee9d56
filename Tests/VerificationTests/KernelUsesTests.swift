// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Machine
import Model
import Testing
import Verification

@Suite("what the kernel can do with memory, on this machine", .serialized)
struct KernelUsesTests {
  private func outcomes() throws -> [MemoryUse: [Backing: UseOutcome]] {
    let allowed = Affinity.current()
    defer { if let allowed { Affinity.restore(allowed) } }
    let cpu = try #require(allowed?.members.last)
    let context = try VerificationContext(cpu: cpu, KVMAccess(insisting: nil, acceptsHostRisk: false))
    let report = KernelUses(context).run(Backing.allCases)
    #expect(report.backings.count + report.missing.count == Backing.allCases.count)
    var outcomes: [MemoryUse: [Backing: UseOutcome]] = [:]
    for row in report.rows {
      guard case .success(let seen) = row.outcomes else { continue }
      outcomes[row.use] = Dictionary(uniqueKeysWithValues: zip(report.backings, seen))
    }
    return outcomes
  }

  /// What the machine does not allow with ordinary memory is left out; the rest must be as the backing says.
  @Test func pagesAreTakenWhereTheDirectMapIsKeptAndRefusedWhereItIsNot() throws {
    let expected: [MemoryUse: String] = [
      .directRead: "EFAULT", .registeredBuffer: "EFAULT", .remoteRead: "EFAULT", .populate: "EINVAL",
      .lock: "ENOMEM",
    ]
    let outcomes = try outcomes()
    #expect(!outcomes.isEmpty)
    for (use, errno) in expected {
      for (backing, outcome) in outcomes[use] ?? [:] where !backing.isPrivate {
        #expect(outcome == (backing.removesDirectMap ? .refused(errno) : .works), "\(use) of \(backing)")
      }
    }
  }

  /// Both read through the user mapping, as the process would: only what no guest can have is refused.
  @Test func kvmAndVhostReadThroughTheUserMapping() throws {
    let outcomes = try outcomes()
    for (backing, outcome) in outcomes[.emulation] ?? [:] where !backing.isPrivate {
      #expect(outcome == (backing == .memfdSecret ? .refused("EFAULT") : .works), "\(backing)")
    }
    for (backing, outcome) in outcomes[.vhost] ?? [:] where !backing.isPrivate {
      #expect(outcome == .works, "\(backing)")
    }
  }
}
