// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Helpers
import Loops
import Machine
import Model

/// aftermath: the kernel's work on memory of its own that lies where others were taken out of the direct map and came
/// back. What it measures and how it can mislead stands in Loops/aftermath.c.
enum Aftermath {
  static let benchmark = "aftermath"
  /// A page of the backing before so many of the kernel's: eight in a huge frame, because frames come in pieces.
  static let every = 64
  /// How often a block works on the whole set; the first time does not count.
  private static let passes = 4
  /// Several times what the second-level TLB reaches by 4 KiB, which has some thousand entries.
  private static let workingSetBytes = 64 << 20
  private static let backings = Backing.removingAndCounterparts.filter(\.isMappable)

  static let operations: [MeasuredOperation] = [
    operation(
      "page-cache-read", "pread of a page into one small buffer", requirement: needsFile, measure: readPages),
    operation(
      "copy", "copy_file_range of a page within the page cache", requirement: needsTwoPages,
      measure: copyPages),
    operation("pipe", "read of a page from a pipe and write of it to one", measure: transferPages),
    operation(
      "fork", "fork to the child's end, by page table that is copied", method: "whole sequence", measure: fork
    ),
  ]

  private static func operation(
    _ name: String, _ summary: String, method: String = "whole pass",
    requirement: @escaping @Sendable (Case, MeasuringContext) -> Refusal? = needs,
    measure: @escaping MeasuredOperation.Measure
  ) -> MeasuredOperation {
    MeasuredOperation(
      OperationSpec(
        benchmark: benchmark, name: name,
        summary: summary + ", over a set whose frames had pages taken out of the direct map",
        method: method, leastPages: workingSetBytes / Int(getpagesize()), order: .random,
        pagesPerBackingPage: every, backings: backings, tier: .detail), requirement: requirement,
      measure: measure)
  }

  /// The memory that can be taken out of the direct map here, if any.
  static func removing(_ context: MeasuringContext) -> Backing? {
    backings.filter(\.removesDirectMap).first { backing in
      do throws(Refusal) {
        _ = try Catalogue.available(backing, bytes: context.pageBytes, context)
        return true
      } catch { return false }
    }
  }

  /// Without removal there is no aftermath, and its controls are controls of nothing.
  private static func needs(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    guard measured.backing.removesDirectMap || removing(context) != nil else {
      return .unsupported("no memory here leaves the direct map, whose control this is")
    }
    // A fork has its child's page tables beside its own.
    let bytes = 2 * measured.pages * context.pageBytes
    guard let available = availableMemory(), Int64(bytes) > available else { return nil }
    return .unsupported(
      "a working set of \(measured.pages * context.pageBytes >> 20) MiB is more than the memory available allows",
      remedy: "a smaller --size")
  }

  private static func needsFile(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    if let refusal = needs(measured, context) { return refusal }
    do throws(Refusal) { _ = try MemoryFile.ramfs(bytes: context.pageBytes) } catch {
      return .unsupported(
        "page cache from the free lists of such memory takes \(error.reason)",
        remedy: "run as root (CAP_SYS_ADMIN)")
    }
    return nil
  }

  private static func needsTwoPages(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    guard measured.pages > 1 else { return .unsupported("one page has no other to be copied to") }
    return needsFile(measured, context)
  }

  /// Takes the working set in, by `fill`, with pages of the backing between; these are gone afterwards.
  private static func lay(
    _ measured: Case, _ backing: Backing, _ context: MeasuringContext,
    _ fill: (Range<Int>) throws(Refusal) -> Void
  ) throws(Refusal) {
    let starts = stride(from: 0, to: measured.pages, by: every)
    let subject = try BlockMemory(
      backing, bytes: (measured.pages + every - 1) / every * context.pageBytes, context)
    for (page, first) in starts.enumerated() {
      try check(
        ckernel_touch(try subject.base + page * context.pageBytes, context.pageBytes, 1),
        "touching the backing")
      try fill(first..<min(first + every, measured.pages))
    }
  }

  /// The same for pipes, which then go too: the frames that a block will be given.
  static func layPipes(_ measured: Case, _ backing: Backing, _ context: MeasuringContext) throws(Refusal) {
    let pipes = try Pipes(pages: measured.pages, pageBytes: context.pageBytes)
    try lay(measured, backing, context) { range throws(Refusal) in try pipes.fill(range) }
  }

  /// Cold is what found whole entries: why a block that did in less than half of its frames is no result.
  private static func shortcoming(
    _ directMap: DirectMapChange, _ measured: Case, _ context: MeasuringContext
  ) -> String? {
    guard measured.directMap == .cold, measured.backing.removesDirectMap,
      let splits = directMap.level2Splits
    else { return nil }
    let frames = max(measured.pages * context.pageBytes / hugePageBytes, 1)
    guard 2 * splits < frames else { return nil }
    let why = context.withheld.isSpent ? ": the memory is used up that may be kept for it" : ""
    return "\(splits) entries of 2 MiB were whole for \(frames) of memory\(why)"
  }

  /// Works on the whole set that was laid, once and then some times more, each of these a sample.
  ///
  /// - Parameter placed: where its memory lies, asked afterwards.
  private static func work<Memory: ~Copyable>(
    _ call: String, on prepared: borrowing Prepared<Memory>, _ measured: Case, _ context: MeasuringContext,
    placed: () throws(Refusal) -> Placed,
    _ pass: (_ order: UnsafePointer<UInt32>?, _ passes: Int) -> Int32
  ) throws(Refusal) -> BlockReading {
    // The stamps have room for one more than the pages.
    let passes = min(passes, measured.pages, context.buffers.capacity)
    let order = context.buffers.shuffled(0..<UInt32(measured.pages))
    let counted = try order.withUnsafeBufferPointer { order throws(Refusal) in
      try check(pass(order.baseAddress, 1), call)
      return try context.timed(call) { pass(order.baseAddress, passes) }
    }
    let samples = context.callSamples(passes, pages: measured.pages)
    var reading = context.reading(samples, counted, try placed())
    reading.counters = reading.counters.addingSplits(of: prepared.counters)
    reading.directMap = prepared.directMap
    reading.invalidate(shortcoming(prepared.directMap, measured, context))
    return reading
  }

  private static func readPages(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let prepared = try layFile(measured, context)
    let buffer = try Region.resident(bytes: context.pageBytes)
    let (descriptor, base) = (prepared.memory.descriptor.number, buffer.base)
    return try work(
      "pread", on: prepared, measured, context,
      placed: { () throws(Refusal) in try placement(prepared.memory, measured, context) }
    ) { order, passes in
      loops_read_pages(
        descriptor, base, context.pageBytes, order, measured.pages, passes, context.clock.kind,
        context.buffers.ticks)
    }
  }

  private static func copyPages(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let prepared = try layFile(measured, context)
    let descriptor = prepared.memory.descriptor.number
    return try work(
      "copy_file_range", on: prepared, measured, context,
      placed: { () throws(Refusal) in try placement(prepared.memory, measured, context) }
    ) { order, passes in
      loops_copy_pages(
        descriptor, context.pageBytes, order, measured.pages, passes, context.clock.kind,
        context.buffers.ticks)
    }
  }

  private static func layFile(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> Prepared<MemoryFile> {
    let page = [UInt8](repeating: 1, count: context.pageBytes)
    return try context.timed.preparing { () throws(Refusal) in
      let file = try MemoryFile.ramfs(bytes: measured.pages * context.pageBytes)
      let descriptor = file.descriptor.number
      try lay(measured, measured.backing, context) { range throws(Refusal) in
        for number in range {
          let written = pwrite(descriptor, page, page.count, number * page.count)
          try check(written == page.count ? 0 : written < 0 ? -errno : -EIO, "pwrite")
        }
      }
      return file
    }
  }

  private static func placement(
    _ file: borrowing MemoryFile, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> Placed {
    let region = try Region.mapping(file)
    try check(ckernel_touch(region.base, context.pageBytes, measured.pages), "touching the page cache")
    return context.placement(of: region.base, measured)
  }

  private static func transferPages(
    _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> BlockReading {
    let prepared = try context.timed.preparing { () throws(Refusal) in
      let pipes = try Pipes(pages: measured.pages, pageBytes: context.pageBytes)
      try lay(measured, measured.backing, context) { range throws(Refusal) in try pipes.fill(range) }
      return pipes
    }
    let buffer = try Region.resident(bytes: context.pageBytes)
    let (ends, slots, base) = (prepared.memory.ends, prepared.memory.slots, buffer.base)
    return try work(
      "read and write of a pipe", on: prepared, measured, context, placed: { context.assumedPlacement }
    ) { order, passes in
      loops_transfer_pages(
        ends, slots, base, context.pageBytes, order, measured.pages, passes, context.clock.kind,
        context.buffers.ticks)
    }
  }

  private static func fork(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let prepared = try context.timed.preparing { () throws(Refusal) in try Forker.start(measured, context) }
    return try work("fork", on: prepared, measured, context, placed: { context.assumedPlacement }) {
      _, passes in
      prepared.memory.fork(passes, context.buffers.ticks)
    }
  }
}

/// Pipes with room for a page in each slot.
struct Pipes: ~Copyable {
  private static let bytes = 1 << 20
  /// Both ends of the one after the other: to read from, to write to.
  private(set) var ends: [Int32] = []
  /// Pages that each holds, the last one perhaps fewer.
  let slots: Int
  private let page: [UInt8]

  init(pages: Int, pageBytes: Int) throws(Refusal) {
    slots = Self.bytes / pageBytes
    page = [UInt8](repeating: 1, count: pageBytes)
    for _ in 0..<(pages + slots - 1) / slots {
      var pair: [Int32] = [-1, -1]
      let result = ckernel_pipe(Self.bytes, &pair)
      if result == -EPERM {
        throw .unsupported(
          "\(pages) pages in pipes are more than a user may have",
          remedy: "a smaller --size, root, or a larger /proc/sys/fs/pipe-user-pages-soft")
      }
      try check(result, "a pipe of \(Self.bytes >> 10) KiB")
      ends += pair
    }
  }

  deinit { for end in ends { close(end) } }

  /// Writes pages by their number in all, in rising order.
  func fill(_ range: Range<Int>) throws(Refusal) {
    for number in range {
      let written = write(ends[2 * (number / slots) + 1], page, page.count)
      try check(written == page.count ? 0 : written < 0 ? -errno : -EIO, "write to a pipe")
    }
  }
}

extension Forker {
  /// One whose page tables are the working set, on the measuring CPU and by its memory policy.
  fileprivate static func start(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> Forker {
    guard let program = context.cpus.bystanders.program else {
      throw .failed("no program to start a forker from")
    }
    let every = Aftermath.every
    let bytes = (measured.pages + every - 1) / every * context.pageBytes
    // Closed on return: the forker has given the memory up by then.
    let file = try context.memory.file(measured.backing, bytes: bytes)
    let descriptor: Int32 =
      switch file {
      case .some(let file): file.descriptor.number
      case .none: -1
      }
    return try start(
      program: program, file: descriptor, tables: measured.pages, every: every, clock: context.clock.kind)
  }
}
