// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Harness
import Loops
import Model

/// fault-in: bringing memory into the host's own page tables. What it measures and how it can mislead stands
/// in Loops/fault-in.c.
enum FaultIn {
  static let benchmark = "fault-in"
  private static let allocatable = Backing.mappable.filter(\.hasFallocate)

  static let operations: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "touch", summary: "the host's first store to each page",
        method: "chained stamps", backings: Backing.mappable, tier: .headline, faultsPagesIn: true,
        expects: Expectation(host: .onePerPage), takesThreads: true), measure: touch),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "fallocate",
        summary: "allocation without mapping, the whole region at once",
        method: "whole call", backings: allocatable), measure: allocate),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "touch-after-fallocate",
        summary: "the first store to a page already allocated",
        method: "chained stamps", backings: allocatable,
        expects: Expectation(host: .onePerPage)), measure: touchAllocated),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "touch-in-batches",
        summary: "fallocate of a batch of pages, then the first store to each: what sharing the calls saves",
        method: "chained stamps", armAxis: .batch, batches: [1, 8, 64, 512],
        backings: allocatable, tier: .detail, faultsPagesIn: true,
        expects: Expectation(host: .onePerPage)),
      measure: touchBatches),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "populate", summary: "MADV_POPULATE_WRITE of the whole region",
        method: "whole call", backings: Backing.mappable, expects: Expectation(host: .onePerPage)),
      requirement: refusesPopulate, measure: populate),
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: "end-to-end",
        summary: "create, size, map and touch all: wherever a kernel removes the entry",
        method: "whole sequence",
        backings: Backing.mappable, faultsPagesIn: true, expects: Expectation(host: .onePerPage)),
      measure: endToEnd),
  ]

  private static func touch(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    return try context.touch(subject.base, measured)
  }

  private static func allocate(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    var subject = try BlockMemory(measured, context)
    let descriptor = subject.descriptor
    let bytes = measured.pages * context.pageBytes
    let counted = try context.timed("fallocate") {
      loops_allocate(descriptor, bytes, context.clock.kind, context.buffers.ticks)
    }
    let samples = context.callSample(pages: measured.pages)
    try subject.populate(measured, context)
    return context.reading(samples, counted, try subject.placed(measured, context))
  }

  private static func touchAllocated(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    let bytes = measured.pages * context.pageBytes
    try check(ckernel_allocate(subject.descriptor, 0, UInt64(bytes)), "fallocate")
    return try context.touch(subject.base, measured)
  }

  private static func touchBatches(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    let base = try subject.base
    let descriptor = subject.descriptor
    let bytes = base.assumingMemoryBound(to: UInt8.self)
    let counted = try context.timed("fallocate and touch") {
      loops_touch_batches(
        descriptor, bytes, context.pageBytes, measured.pages, measured.pagesPerCall, context.clock.kind,
        context.buffers.ticks)
    }
    return context.reading(context.batchSamples(measured), counted, try subject.placed(measured, context))
  }

  private static func refusesPopulate(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    guard measured.backing.removesDirectMap else { return nil }
    return .unsupported("get_user_pages refuses memory without a direct map: MADV_POPULATE_WRITE is EINVAL")
  }

  private static func populate(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    let base = try subject.base
    let bytes = measured.pages * context.pageBytes
    let counted = try context.timed("MADV_POPULATE_WRITE") {
      loops_populate(base, bytes, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(
      context.callSample(pages: measured.pages), counted, try subject.placed(measured, context))
  }

  private static func endToEnd(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    var run = loops_end_to_end()
    run.page_bytes = context.pageBytes
    run.pages = measured.pages
    run.order = context.buffers.order(measured.order, pages: measured.pages).baseAddress
    let recipe = try context.memory.recipe(measured.backing, bytes: measured.pages * context.pageBytes)
    run.source = source(recipe)
    run.hint = recipe.place
    run.flags = recipe.flags
    run.vm = recipe.machine
    let result = Result { () throws(Refusal) in
      try context.timed("the sequence from creation to touch") {
        loops_end_to_end(&run, context.clock.kind, context.buffers.ticks)
      }
    }
    let file = run.fd >= 0 ? OwnedDescriptor(run.fd) : nil
    let region = run.base.map { Region(adopting: $0, bytes: measured.pages * context.pageBytes) }
    let counted = try result.get()
    guard let base = run.base else { throw .failed("the sequence left no mapping") }
    let reading = context.reading(
      context.callSample(pages: measured.pages), counted, context.placement(of: base, measured))
    withExtendedLifetime(region) {}
    withExtendedLifetime(file) {}
    return reading
  }

  private static func source(_ recipe: MemoryRecipe) -> loops_source {
    switch recipe.source {
    case .anonymous: recipe.place == nil ? LOOPS_ANONYMOUS : LOOPS_ANONYMOUS_HUGE
    case .memfd: LOOPS_MEMFD
    case .memfdSecret: LOOPS_MEMFD_SECRET
    case .guestMemfd: LOOPS_GUEST_MEMFD
    }
  }
}
