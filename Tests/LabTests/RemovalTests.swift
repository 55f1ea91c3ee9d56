// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import HostChanges
import Machine
import Model
import Testing

@testable import Suite
@testable import Verification

private let pages = Lab.pages
private let online = (try? Topology.read().online) ?? CPUSet([])
private let guestMemfds = Backing.allCases.filter(\.isGuestMemfd)

/// What the kernel does to a page with the flag and without, seen through its own mapping of all memory. Everything
/// is in one suite: a scan of RAM would see the pages of another test.
@Suite("the flag", .serialized, .enabled(if: dialect != nil && showsMemory, needsLab))
struct RemovalTests {
  let lab: Lab

  init() throws { lab = try Lab() }

  // MARK: what is offered

  @Test(.enabled(if: dialect == .mainline, "a kernel that speaks mainline's dialect"))
  func aMainlineKernelOffersItToBothTypesOfVM() throws {
    let kvm = try KVMDevice.open()
    #expect(try VirtualMachine(kvm).answer(KVM_CAP_GUEST_MEMFD_FLAGS) == 0x7)
    #expect(try VirtualMachine(kvm, type: .softwareProtected).answer(KVM_CAP_GUEST_MEMFD_FLAGS) == 0x5)
  }

  @Test(.enabled(if: dialect == .v7, "a kernel that speaks the dialect of v5 to v7"))
  func aKernelOfV7IsToldByTwoCapabilities() throws {
    let answers = try VirtualMachine(KVMDevice.open()).guestMemfdAnswers
    #expect((answers.flags, answers.v7NoDirectMap) == (1, 1))
    // Bit 1, which would say INIT_SHARED on mainline.
    let capabilities = try KVMCapabilities.read(KVMDevice.open(), acceptsHostRisk: true)
    #expect(try capabilities.flags(for: .guestMemfd).flags == 1)
    #expect(try capabilities.flags(for: .guestMemfdNoDirectMap).flags == 3)
  }

  // MARK: a page's life

  /// With the flag every page is gone from its fault to its free, whoever unmaps it meanwhile; without, none ever.
  @Test(arguments: guestMemfds) func pagesAreGoneFromFaultToFree(of backing: Backing) throws {
    let report = try lab.verifier.run([backing])
    let gone = backing.removesDirectMap ? 1 : 0
    var expected = [DirectMapObservation(.allocated, frames: pages, gone: 0)]
    if backing.isPrivate {
      expected.append(DirectMapObservation(.preFaulted, frames: pages / 2, gone: pages / 2 * gone))
    }
    expected += [
      DirectMapObservation(.faulted, frames: pages, gone: pages * gone),
      DirectMapObservation(.unmapped, frames: pages, gone: pages * gone),
      DirectMapObservation(.punched, frames: pages / 2, gone: 0),
      DirectMapObservation(.closed, frames: pages / 2, gone: 0),
    ]
    #expect(try report.rows.map { try $0.observations.get() } == [expected])
    #expect(report.scan?.before == 0)
    #expect(report.scan?.after == 0)
  }

  /// Memory that the host could map, but only KVM looks up: kvm_gmem_get_pfn, not the host's fault, removes it.
  @Test func allocatedPagesGoAtThePFNLookup() throws {
    let guest = try lab.guest(.guestMemfdNoDirectMap)
    try check(ckernel_allocate(guest.descriptor, 0, UInt64(pages) << 12), "fallocate")
    #expect(lab.unreadable == 0)
    #expect(guest.preFault(pages: pages / 2) == 0)
    #expect(lab.unreadable == pages / 2)
    try guest.touch()
    #expect(lab.unreadable == pages)
    try guest.deleteSlot()
    #expect(lab.unreadable == pages)
    guest.end()
    #expect(lab.settled(at: 0) == 0)
  }

  /// Mapped by host and guest, shared and private, and nobody there to undo it.
  @Test func pagesComeBackWhenTheHolderIsKilled() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let lab = try Lab()
      let shared = try lab.guest(.guestMemfdNoDirectMap)
      let secret = try lab.guest(.guestMemfdPrivateNoDirectMap)
      try shared.touch()
      try secret.touch()
      let mapping = try shared.mapForHost(.guestMemfdNoDirectMap)
      shared.hostBase(mapping).storeBytes(of: 1, as: UInt8.self)
      // Otherwise the exit is another one.
      if lab.unreadable == 2 * pages { kill(getpid(), SIGKILL) }
    }
    #expect(lab.settled(at: 0) == 0)
  }

  // MARK: what the kernel can do with it

  /// Whatever takes the pages is refused, and nothing else: KVM reads through the user mapping, where there is one.
  @Test func getUserPagesIsRefusedAndCopyingIsNot() throws {
    let refused: [MemoryUse: String] = [
      .directRead: "EFAULT", .registeredBuffer: "EFAULT", .remoteRead: "EFAULT", .populate: "EINVAL",
      .lock: "ENOMEM",
    ]
    let report = KernelUses(lab.verification).run(guestMemfds)
    #expect(report.backings == guestMemfds)
    for row in report.rows {
      for (backing, outcome) in zip(report.backings, try row.outcomes.get()) {
        switch (row.use, backing.isPrivate) {
        case (.emulation, true): #expect(outcome == .refused("KVM_EXIT_INTERNAL_ERROR"), "\(backing)")
        case (_, true): #expect(!outcome.isTold, "\(row.use) of \(backing)")
        case (let use, false):
          let expected = backing.removesDirectMap ? refused[use].map(UseOutcome.refused) : nil
          #expect(outcome == expected ?? .works, "\(use) of \(backing)")
        }
      }
    }
    #expect(lab.settled(at: 0) == 0)
  }

  // MARK: what the kernel does for it

  /// Once per page, whoever faults first, and never again for the other.
  @Test(arguments: guestMemfds, [false, true])
  func eachPageIsRemovedFlushedAndRestoredOnce(of backing: Backing, hostFirst: Bool) throws {
    let once = backing.removesDirectMap ? pages : 0
    let held = try dialect == .mainline ? FlushSwitch.holding(true) : nil
    let probes = try DirectMapProbes()
    let guest = try lab.guest(backing)
    if hostFirst, !backing.isPrivate { try lab.touchFromHost(guest, backing) }
    try guest.touch()
    if !hostFirst, !backing.isPrivate { try lab.touchFromHost(guest, backing) }
    #expect(try probes.counts == .init(zaps: once, flushes: once, restores: 0))
    try guest.punch(pages: pages / 2)
    #expect(try probes.counts == .init(zaps: once, flushes: once, restores: once / 2))
    guest.end()
    #expect(try probes.counts == .init(zaps: once, flushes: once, restores: once))
    _ = consume held
  }

  /// Threads or vCPUs that fault at the same time meet in the lock and in each other's flushes, and still every page is
  /// removed, flushed and, once its memory is given up, restored once.
  @Test(.enabled(if: online.count > 1, "two CPUs"), arguments: ["fault-in", "guest-fault"])
  func severalThreadsRemoveEachPageOnce(benchmark: String) throws {
    // A lab confines the thread that makes it, and takes no further CPU than it has.
    Affinity.restore(online)
    let lab = try Lab()
    let context = lab.session.context
    var measured = lab.region(of: .guestMemfdNoDirectMap)
    measured.threads = 2
    let touch = try #require(
      Catalogue.operations.first { $0.spec.benchmark == benchmark && $0.spec.name == "touch" })
    #expect(Threads.refusal(measured, context) == nil)
    try MemoryPolicy.prefer(node: measured.memoryNode)
    defer { MemoryPolicy.reset() }
    let held = try dialect == .mainline ? FlushSwitch.holding(true) : nil
    let probes = try DirectMapProbes()
    let reading = try touch.measure(measured, context)
    #expect(try probes.counts == .init(zaps: pages, flushes: pages, restores: pages))
    #expect(reading.samples.count == pages && reading.concurrency != nil)
    #expect([.verified, .onlyNode].contains(reading.placement))
    #expect(reading.invalid == nil)
    #expect(lab.settled(at: 0) == 0)
    _ = consume held
  }

  enum Fault: CaseIterable { case preFault, guest, host }

  /// The fault that cannot remove its page ends in ENOMEM; the host's is repeated by the kernel by itself.
  @Test(arguments: Fault.allCases) func aRemovalThatFailsLeavesThePageAndIsRepeated(at fault: Fault) throws {
    let backing = Backing.guestMemfdNoDirectMap
    let guest = try lab.guest(backing)
    let failing = try FailingRemoval()
    switch fault {
    case .preFault:
      #expect(guest.preFault(pages: pages) == -ENOMEM)
      #expect(lab.unreadable == 0)
      #expect(guest.preFault(pages: pages) == 0)
    case .guest:
      #expect(guest.vcpu.touchRegion(storing: 1) == -ENOMEM)
      #expect(lab.unreadable == 0)
      #expect(guest.vcpu.touchRegion(storing: 1) == 0)
    case .host: try lab.touchFromHost(guest, backing)
    }
    let isSpent = try failing.isSpent
    #expect(isSpent)
    #expect(lab.unreadable == pages)
    guest.end()
    #expect(lab.settled(at: 0) == 0)
  }

  /// With the flush nothing reads a removed page; without, a stale translation may, and no flush is called.
  @Test(.enabled(if: dialect == .mainline, "the switch for the flush, which v7 has at boot alone"))
  func theFlushIsSeenToBeOnAndOff() throws {
    let seen = try lab.verifier.observeFlush(.guestMemfdNoDirectMap)
    #expect(seen.map(\.isOn) == [true, false])
    #expect(seen.first?.readable == 0)
    #expect((seen.last?.readable ?? 0) > pages / 2)
    for isOn in [true, false] {
      let held = try FlushSwitch.holding(isOn)
      let probes = try DirectMapProbes()
      let guest = try lab.guest(.guestMemfdNoDirectMap)
      try guest.touch()
      #expect(try probes.counts == .init(zaps: pages, flushes: isOn ? pages : 0, restores: 0))
      try held.restore()
    }
  }
}
