// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Loops
import Model

/// The first touch of pages that another thread takes in, a batch ahead: by the host, or by the guest. What it measures
/// and how it can mislead stands in Loops/read-ahead.c.
enum ReadAhead {
  private static let batches = [1, 8, 64, 512]
  // A huge page is no batch.
  private static let mappable = Backing.mappable.filter { !$0.isHuge }
  // Shadow paging prefetches what a slot's own mapping already has, so that pages of ordinary memory do not all fault.
  private static let hostMapped = Backing.mappable.filter(\.isGuestMemfd)

  static let host = MeasuredOperation(
    OperationSpec(
      benchmark: FaultIn.benchmark, name: "touch-read-ahead",
      summary: "the store to each page, a batch of them taken in by another thread before",
      method: "chained stamps", armAxis: .batch, batches: batches, threads: 2, others: [.idle],
      backings: mappable, tier: .detail, faultsPagesIn: true, isPathLength: false), measure: touch)

  static let guest = MeasuredOperation(
    OperationSpec(
      benchmark: GuestFault.benchmark, name: "touch-read-ahead",
      summary: "the guest's store to each page, a batch of them taken in by a host thread before",
      method: "chained stamps", armAxis: .batch, batches: batches, threads: 2, others: [.idle],
      backings: hostMapped, tier: .detail, faultsPagesIn: true, runsGuest: true,
      expects: Expectation(guest: .onePerPage),
      isPathLength: false),
    requirement: GuestFault.needsGuest, measure: guestTouch)

  private static func touch(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    let counted = try timed(subject.base, measured, context).counted
    return context.reading(context.batchSamples(measured), counted, try subject.placed(measured, context))
  }

  private static func guestTouch(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let guest = try Guest.make(measured, context)
    let host = try guest.mapForHost(measured.backing)
    let base = guest.hostBase(host)
    let before = try guest.vcpu.readStats()
    let run = try timed(base, measured, context, vcpu: guest.vcpu.entry(from: 0))
    try guest.checkRun(run.result)
    let touched = Touched(
      samples: context.batchSamples(measured), counted: run.counted,
      guestFaults: try guest.vcpu.readStats() - before)
    return touched.reading(context.placement(of: base, measured), context)
  }

  /// - Returns: what was counted; 0, or -EPROTO where the vCPU ended otherwise than its program should.
  private static func timed(
    _ base: UnsafeMutableRawPointer, _ measured: Case, _ context: MeasuringContext,
    vcpu: VirtualCPUEntry? = nil
  ) throws(Refusal) -> (counted: Counted, result: Int32) {
    var run = loops_read_ahead()
    run.base = base.assumingMemoryBound(to: UInt8.self)
    run.page_bytes = context.pageBytes
    run.pages = measured.pages
    run.batch = measured.pagesPerCall
    run.cpu = Int32(context.cpus.roles.threads(of: measured)[1])
    run.vcpu = -1
    if let vcpu {
      run.vcpu = vcpu.descriptor
      run.run = vcpu.run
      run.guest = vcpu.guest
    }
    run.clock = context.clock.kind
    run.stamps = context.buffers.ticks
    var result: Int32 = 0
    let counted = try context.timed("touching the region behind another thread", runsGuest: vcpu != nil) {
      result = loops_read_ahead(&run)
      return result == -EPROTO ? 0 : result
    }
    return (counted, result)
  }
}
