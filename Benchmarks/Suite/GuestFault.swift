// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Loops
import Model

/// guest-fault: bringing memory into KVM's mappings, driven by a vCPU. What it measures and how it can
/// mislead stands in Loops/guest-fault.c.
enum GuestFault {
  static let benchmark = "guest-fault"
  private static let guestMemfds = Backing.allCases.filter(\.isGuestMemfd)
  private static let hostMapped = guestMemfds.filter(\.isMappable)

  static let operations: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "touch", summary: "the guest's first store to each page",
        method: "guest log", backings: Backing.allCases, tier: .headline, faultsPagesIn: true,
        runsGuest: true, expects: Expectation(guest: .onePerPage), takesThreads: true),
      requirement: needsGuest, measure: touch
    ),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "touch-after-host",
        summary: "the guest's store to a page that the host brought in: only the guest's mapping is built",
        method: "guest log", backings: hostMapped, runsGuest: true, expects: Expectation(guest: .onePerPage)),
      requirement: needsGuest, measure: touchAfterHost),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "host-after-guest",
        summary: "the host's store to a page that the guest brought in: only the host's mapping is built",
        method: "chained stamps", backings: hostMapped, runsGuest: true,
        expects: Expectation(host: .onePerPage)),
      requirement: needsGuest, measure: hostAfterGuest),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "pre-fault", summary: "KVM_PRE_FAULT_MEMORY of the whole region",
        method: "whole call", backings: guestMemfds, faultsPagesIn: true, runsGuest: true),
      requirement: needsPreFault,
      measure: preFault),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "pre-fault-in-batches",
        summary: "KVM_PRE_FAULT_MEMORY of one batch of pages after the other: what sharing the calls saves",
        method: "chained stamps", armAxis: .batch, batches: [1, 8, 64, 512], backings: guestMemfds,
        tier: .detail, faultsPagesIn: true, runsGuest: true), requirement: needsPreFault, measure: preFault),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "retouch", summary: "the guest's second store: no fault, the floor",
        method: "guest log", backings: Backing.allCases, runsGuest: true,
        expects: Expectation(host: .none, guest: .none)),
      requirement: needsGuest, measure: retouch),
  ]

  static func needsGuest(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    Guest.refusal(of: measured.backing, context.kvm)
  }

  private static func needsPreFault(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    if let refusal = needsGuest(measured, context) { return refusal }
    guard case .success(let capabilities) = context.kvm.capabilities, capabilities.hasPreFault else {
      return .unsupported(
        "KVM_PRE_FAULT_MEMORY is not offered", remedy: "Linux 6.11 or later with hardware paging (EPT or NPT)"
      )
    }
    return nil
  }

  /// By as many vCPUs as the case has threads.
  static func touch(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    guard measured.threads == 1 else { return try Threads.guestTouch(measured, context) }
    let guest = try Guest.make(measured, context)
    let touched = try timedTouch(guest, measured, context)
    return touched.reading(try guest.placement(measured, context), context)
  }

  private static func touchAfterHost(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    let host = try guest.mapForHost(measured.backing)
    try context.touchAll(guest.hostBase(host), measured)
    let touched = try timedTouch(guest, measured, context)
    return touched.reading(context.placement(of: guest.hostBase(host), measured), context)
  }

  private static func hostAfterGuest(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    let host = try guest.mapForHost(measured.backing)
    let base = guest.hostBase(host)
    try guest.touch()
    return try context.touch(base, measured)
  }

  private static func retouch(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    try guest.touch()
    let touched = try timedTouch(guest, measured, context)
    return touched.reading(try guest.placement(measured, context), context)
  }

  private static func preFault(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    let vcpu = guest.vcpu.number
    let gpa = guest.vcpu.regionAddress
    let bytes = UInt64(measured.pages * context.pageBytes)
    let counted = try context.timed("KVM_PRE_FAULT_MEMORY") {
      loops_pre_fault(
        vcpu, gpa, bytes, UInt64(measured.pagesPerCall * context.pageBytes), context.clock.kind,
        context.buffers.ticks)
    }
    let samples = context.batchSamples(measured)
    // pf_taken stays 0 for pre-faults; that the guest then finds its pages proves that they were mapped.
    let before = try guest.vcpu.readStats()
    try guest.touch()
    let faults = (try guest.vcpu.readStats() - before).faultsTaken
    var reading = context.reading(samples, counted, try guest.placement(measured, context))
    if faults != 0 {
      reading.invalidate("\(faults) of \(measured.pages) pages still faulted after KVM_PRE_FAULT_MEMORY")
    }
    return reading
  }

  /// Runs the guest over the region, with KVM's own count of faults.
  private static func timedTouch(
    _ guest: borrowing Guest, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> Touched {
    let before = try guest.vcpu.readStats()
    var run: Int32 = 0
    let counted = try context.timed("KVM_RUN", runsGuest: true) {
      run = guest.vcpu.touchRegion(storing: 1)
      return run == -EPROTO ? 0 : run
    }
    try guest.checkRun(run)
    let faults = try guest.vcpu.readStats() - before
    return Touched(
      samples: context.guestSamples(guest.vcpu.log, measured), counted: counted, guestFaults: faults)
  }
}
