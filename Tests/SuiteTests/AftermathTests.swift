// SPDX-License-Identifier: Apache-2.0
import CKernel
import Foundation
import Glibc
import GuestMemory
import Loops
import Machine
import Model
import TestSupport
import Testing

@testable import Suite

private let hasRamfs: Bool = {
  do throws(Refusal) { _ = try MemoryFile.ramfs(bytes: 4096) } catch { return false }
  return true
}()
private let secretMemory = SecretMemory.openAndClose() == 0
private let showsFrames: Bool = {
  let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
  defer { page.deallocate() }
  page.storeBytes(of: 1, as: UInt8.self)
  do throws(Refusal) { return try Pagemap(pageBytes: 4096).frame(of: page) != 0 } catch {
    return false
  }
}()

/// The kernel's work after a removal: all of it is done, on every page, in the frames that were split.
@Suite("aftermath", .serialized)
struct AftermathTests {
  private static let pages = 200
  private static let pageBytes = 4096
  private let order = (0..<UInt32(pages)).shuffled()

  /// A page that says its number.
  private func numbered(_ number: Int) -> [UInt32] {
    [UInt32](repeating: UInt32(number), count: Self.pageBytes / 4)
  }

  private func file(pages: Int = pages) throws -> MemoryFile {
    let file = try MemoryFile.ramfs(bytes: pages * Self.pageBytes)
    for number in 0..<pages {
      let count = pwrite(
        file.descriptor.number, numbered(number), Self.pageBytes, number * Self.pageBytes)
      try #require(count == Self.pageBytes)
    }
    return file
  }

  private func contents(_ file: borrowing MemoryFile) throws -> [UInt32] {
    let region = try Region.mapping(file)
    return (0..<Self.pages).map { page in
      let numbers = (0..<Self.pageBytes / 4).map {
        region.base.load(fromByteOffset: page * Self.pageBytes + 4 * $0, as: UInt32.self)
      }
      return Set(numbers).count == 1 ? numbers[0] : .max
    }
  }

  @Test(.enabled(if: hasRamfs, "CAP_SYS_ADMIN")) func everyPageIsRead() throws {
    var buffer = [UInt8](repeating: 0, count: Self.pageBytes)
    var ticks = [UInt64](repeating: 0, count: 3)
    let whole = try file()
    #expect(
      loops_read_pages(
        whole.descriptor.number, &buffer, Self.pageBytes, order, Self.pages, 3, CKERNEL_CLOCK_MONOTONIC,
        &ticks) == 0)
    #expect(ticks.allSatisfy { $0 > 0 })
    // What is read last stays: each page takes its turn at the end.
    for last in [0, 7, Self.pages - 1] {
      let ending = order.filter { $0 != UInt32(last) } + [UInt32(last)]
      _ = loops_read_pages(
        whole.descriptor.number, &buffer, Self.pageBytes, ending, Self.pages, 1, CKERNEL_CLOCK_MONOTONIC,
        &ticks)
      #expect(buffer.withUnsafeBytes { $0.load(as: UInt32.self) } == UInt32(last))
    }
    // A page that is not there is missed, whichever place in the order it has.
    let short = try file(pages: Self.pages - 1)
    #expect(
      loops_read_pages(
        short.descriptor.number, &buffer, Self.pageBytes, order, Self.pages, 1, CKERNEL_CLOCK_MONOTONIC,
        &ticks) == -EIO)
  }

  @Test(.enabled(if: hasRamfs, "CAP_SYS_ADMIN")) func everyPageIsCopiedAndWrittenOnce() throws {
    let file = try file()
    var ticks: [UInt64] = [0]
    #expect(
      loops_copy_pages(
        file.descriptor.number, Self.pageBytes, order, Self.pages, 1, CKERNEL_CLOCK_MONOTONIC, &ticks) == 0)
    var expected = (0..<UInt32(Self.pages)).map { $0 }
    for step in 0..<Self.pages {
      expected[Int(order[(step + Self.pages / 2) % Self.pages])] = expected[Int(order[step])]
    }
    #expect(try contents(file) == expected)
    #expect(
      loops_copy_pages(-1, Self.pageBytes, order, Self.pages, 1, CKERNEL_CLOCK_MONOTONIC, &ticks) == -EBADF)
  }

  @Test func everyPageGoesThroughItsPipeOncePerPass() throws {
    let slots = 64
    var ends: [Int32] = []
    defer { for end in ends { close(end) } }
    for _ in 0..<(Self.pages + slots - 1) / slots {
      var pair: [Int32] = [-1, -1]
      try check(ckernel_pipe(slots * Self.pageBytes, &pair), "pipe")
      ends += pair
    }
    var buffer = [UInt8](repeating: 0, count: Self.pageBytes)
    var ticks: [UInt64] = [0, 0]
    func transfer(_ passes: Int) -> Int32 {
      loops_transfer_pages(
        ends, slots, &buffer, Self.pageBytes, order, Self.pages, passes, CKERNEL_CLOCK_MONOTONIC, &ticks)
    }
    // An empty pipe is an error, not a wait.
    #expect(transfer(1) == -EAGAIN)
    for number in 0..<Self.pages {
      try #require(write(ends[2 * (number / slots) + 1], numbered(number), Self.pageBytes) == Self.pageBytes)
    }
    #expect(transfer(2) == 0)
    var page = numbered(0)
    for number in 0..<Self.pages {
      // All of them, in the order in which they went in: a whole number of turns.
      #expect(read(ends[2 * (number / slots)], &page, Self.pageBytes) == Self.pageBytes)
      #expect(Set(page) == [UInt32(number)])
    }
  }

  @Test func morePipesThanDescriptorsAreRefused() throws {
    var before = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    var few = before
    few.rlim_cur = rlim_t(open + 40)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few)
    defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) }
    #expect(throws: Refusal.self) { _ = try Pipes(pages: 100_000, pageBytes: Self.pageBytes) }
    // None of those that it had made is left.
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < open + 20)
  }

  @Test(
    .enabled(if: builtProgram != nil, "the built gmembench"), .enabled(if: secretMemory, "memfd_secret"))
  func armsAgreeAndSayWhatTheirDirectMapBecame() throws {
    let (report, sink) = try OperationTests().run(
      {
        $0.operations = ["page-cache-read", "copy", "pipe", "fork"]
        $0.backings = [.memfd, .memfdSecret]
        $0.others = [.idle]
      }, budget: 20)
    #expect(Set(report.summaries.map(\.unit)).count == 1)
    #expect(report.summaries.allSatisfy { $0.measuredCase.order == .random })
    for row in report.summaries where row.measuredCase.backing == .memfdSecret && row.blocks > 0 {
      #expect(row.effect != nil, "\(row.measuredCase.key)")
      #expect(row.reason?.contains("2 MiB") == (row.counters.level2Splits != nil))
    }
    #expect(!sink.blocks.isEmpty)
    for block in sink.blocks {
      let prepared = try #require(block.directMap)
      #expect(prepared.after == prepared.before || prepared.after.kib4 != nil)
      #expect(
        prepared.tableBytes == prepared.level2Splits.map { ($0 + (block.counters.level3Splits ?? 0)) * 4096 })
    }
  }

  @Test(
    .enabled(if: builtProgram != nil, "the built gmembench"),
    .enabled(if: secretMemory && DirectMapSizes.read().mib2 ?? 0 > 0, "memfd_secret and DirectMap2M"))
  func inColdMemoryWhatCountsFoundWholeEntries() throws {
    let (report, sink) = try OperationTests().run(
      {
        $0.operations = ["pipe"]
        $0.backings = [.memfd, .memfdSecret]
        $0.others = [.idle]
        $0.directMap = .cold
      }, budget: 120)
    let row = try #require(report.summaries.first { $0.measuredCase.backing == .memfdSecret })
    #expect(row.measuredCase.key.hasSuffix("/direct_map=cold"))
    let secret = sink.blocks.filter { $0.measuredCase.backing == .memfdSecret }
    for block in secret where block.status == .valid {
      #expect(try #require(block.directMap?.level2Splits) > 0)
    }
    for block in secret where block.counters.level2Splits == 0 { #expect(block.status != .valid) }
    // A machine that has run for long has no whole entries within reach, and says so.
    #expect(row.blocks > 0 || row.status == .unsupported, "\(row.reason ?? "")")
  }

  /// How many pages of a file lie in huge frames of pages removed between them: on a host that has run for long, fewer
  /// than all, because frames come in pieces.
  private func sharing(_ file: consuming MemoryFile) throws -> Int {
    let pages = file.bytes / Self.pageBytes
    let secret = try MemoryFile.memfdSecret(bytes: pages / Aftermath.every * Self.pageBytes)
    let removed = try Region.mapping(secret)
    let page = numbered(1)
    for number in 0..<pages {
      if number % Aftermath.every == 0 {
        removed.base.storeBytes(
          of: 1, toByteOffset: number / Aftermath.every * Self.pageBytes, as: UInt8.self)
      }
      try #require(
        pwrite(file.descriptor.number, page, Self.pageBytes, number * Self.pageBytes) == Self.pageBytes)
    }
    let pagemap = try Pagemap(pageBytes: Self.pageBytes)
    func hugeFrame(_ region: borrowing Region, _ page: Int) throws -> UInt64 {
      try pagemap.frame(of: region.base + page * Self.pageBytes) >> 9
    }
    let split = Set(try (0..<pages / Aftermath.every).map { try hugeFrame(removed, $0) })
    let kept = try Region.mapping(file)
    try check(ckernel_touch(kept.base, Self.pageBytes, pages), "touching")
    return try (0..<pages).count { split.contains(try hugeFrame(kept, $0)) }
  }

  /// Movable page cache lies elsewhere: none of it was seen in such frames.
  @Test(.enabled(if: hasRamfs && secretMemory && showsFrames, "CAP_SYS_ADMIN and memfd_secret"))
  func thePageCacheLiesInTheFramesOfTheRemovedPages() throws {
    let bytes = 16 << 20
    let shared = try sharing(.ramfs(bytes: bytes))
    let movable = try sharing(.memfd(bytes: bytes))
    #expect(shared > 2 * movable, "\(shared) pages of ramfs, \(movable) of memfd")
  }
}
