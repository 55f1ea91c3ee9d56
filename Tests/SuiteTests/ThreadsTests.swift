// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import Loops
import Machine
import Model
import TestSupport
import Testing

@testable import Suite

private let cpus = (try? Topology.read().allowed.members) ?? []
private let twoCPUs: ConditionTrait = .enabled(if: cpus.count > 1, "two CPUs")

/// The loop itself, on real memory of this machine.
@Suite("threads that touch one region", .serialized)
struct ThreadsLoopTests {
  private static let pages = 64

  /// Parts of a region of so many pages, one behind the other, and the stamps that come of touching them.
  private func touch(
    _ region: borrowing Region, threads: [Int]
  ) throws -> (result: Int32, parts: [loops_part], stamps: [[UInt64]]) {
    let order = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: Self.pages)
    _ = order.initialize(from: 0..<UInt32(Self.pages))
    let share = Self.pages / threads.count
    let stamps = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: threads.count * (share + 1))
    stamps.initialize(repeating: 0)
    defer {
      order.deallocate()
      stamps.deallocate()
    }
    let table = try #require(order.baseAddress)
    let log = try #require(stamps.baseAddress)
    var parts = threads.enumerated().map { thread, cpu in
      var part = loops_part()
      part.cpu = Int32(cpu)
      part.order = UnsafePointer(table + thread * share)
      part.pages = share
      part.stamps = log + thread * (share + 1)
      return part
    }
    let result = loops_touch_together(
      region.base.assumingMemoryBound(to: UInt8.self), 4096, &parts, parts.count, CKERNEL_CLOCK_MONOTONIC,
      20_000)
    return (
      result, parts,
      threads.indices.map { Array(stamps[($0 * (share + 1))..<(($0 + 1) * (share + 1))]) }
    )
  }

  @Test(arguments: [1, 2, 4]) func everyPageIsTouchedOnceByItsOwnThread(count: Int) throws {
    let region = try Region.anonymous(bytes: Self.pages * 4096)
    // More threads than CPUs: they come all the same, only not at once.
    let threads = (0..<count).map { cpus[$0 % cpus.count] }
    let (result, parts, stamps) = try touch(region, threads: threads)
    #expect(result == 0 && parts.allSatisfy { $0.result == 0 && $0.begin > 0 && $0.end > $0.begin })
    let bytes = UnsafeRawBufferPointer(start: region.base, count: region.bytes)
    #expect((0..<Self.pages).allSatisfy { bytes[$0 * 4096] == 1 })
    #expect(parts.dropFirst().allSatisfy { $0.minor_faults >= Int64(Self.pages / count) })
    #expect(stamps.allSatisfy { $0.allSatisfy { $0 > 0 } && zip($0, $0.dropFirst()).allSatisfy { $0 <= $1 } })
  }

  @Test(twoCPUs) func memoryThatIsRefusedToOneThreadIsAFailureOfAll() throws {
    #expect(ckernel_signals_install() == 0)
    let file = try MemoryFile.memfd(bytes: Self.pages * 4096)
    let region = try Region.mapping(file)
    // The second half is behind the end of the file.
    #expect(ftruncate(file.descriptor.number, off_t(Self.pages / 2 * 4096)) == 0)
    let (result, parts, _) = try touch(region, threads: Array(cpus.prefix(2)))
    #expect(result == -EFAULT)
    #expect(parts.map(\.result) == [0, -EFAULT])
  }

  @Test func aCPUThatIsNotThereEndsIt() throws {
    let region = try Region.anonymous(bytes: Self.pages * 4096)
    let (result, _, _) = try touch(region, threads: [cpus[0], cpus[0], 60_000])
    #expect(result == -EINVAL)
  }
}

/// Cases of several threads through the runner.
@Suite(
  "threads through a run", .serialized, .enabled(if: builtProgram != nil, "the built gmembench"), twoCPUs)
struct ThreadsRunTests {
  private static let pages = 512

  final class Sink: RunSink {
    var blocks: [Block] = []
    func record(_ block: Block) { blocks.append(block) }
    func publish(_ report: RunReport) {}
  }

  /// Rows and blocks of the first touch by one and two threads; nil where this machine cannot hold two.
  private func run(_ benchmark: String, order: AccessOrder) throws -> (RunReport, Sink)? {
    let allowed = Affinity.current()
    defer {
      if let allowed { Affinity.restore(allowed) }
      MemoryPolicy.reset()
    }
    let session = try Session.open(
      SessionRequest(
        regionBytes: Self.pages * 4096, usesSecretMemory: true, seed: 1, program: builtProgram))
    guard !session.context.cpus.roles.held.isEmpty else { return nil }
    let selection = Selection(
      benchmarks: [benchmark], operations: ["touch"], others: [.idle], threads: [1, 2], order: order,
      pairs: session.pairs, pages: session.pages)
    let plan = Plan.make(
      .quick, selection, precision: 0.9, budget: 4, seed: 1, isSizeAsked: true,
      otherCPUs: session.context.cpus.roles.held.count, isAvailable: session.offers,
      refuses: session.refusal)
    let sink = Sink()
    var runner = Runner(
      plan: plan, context: session.runContext(of: plan, version: "test"), on: session.context,
      measurer: Pass(session.context, operation: Catalogue.operation), sink: sink,
      identify: Catalogue.identify)
    try runner.run()
    return (runner.report, sink)
  }

  @Test(arguments: ["fault-in", "guest-fault"], AccessOrder.allCases)
  func everyPageIsASampleAndKVMFixesAsManyFaults(benchmark: String, order: AccessOrder) throws {
    guard let (report, sink) = try run(benchmark, order: order) else { return }
    for row in report.summaries {
      // On a busy machine a thread may wait for its CPU.
      let isBusy = row.reason?.contains("ran together for") == true
      #expect(row.status != .failed || isBusy, "\(row.measuredCase.key): \(row.reason ?? "")")
      guard row.blocks > 0 else { continue }
      #expect(row.scaling != nil, "\(row.measuredCase.key)")
      #expect((row.scaling?.fairness != nil) == (row.measuredCase.threads == 2))
      // Each of two threads has page-table pages of its own.
      #expect(row.measuredCase.pages == Self.pages * row.measuredCase.threads)
    }
    for block in sink.blocks where block.measuredCase.backing != .anonymousHuge {
      #expect(block.samples.count == block.measuredCase.pages)
      #expect((block.concurrency != nil) == (block.measuredCase.threads == 2))
      if let fairness = block.concurrency?.fairness { #expect(fairness > 0 && fairness <= 1) }
      if benchmark == "guest-fault" { #expect(block.faultsTaken ?? 0 >= UInt64(block.measuredCase.pages)) }
      #expect(!block.status.text.contains("fixed"), "\(block.measuredCase.key): \(block.status.text)")
      if case .misplaced = block.placement { Issue.record("\(block.measuredCase.key): misplaced") }
    }
    let counts = Set(sink.blocks.map(\.measuredCase.threads))
    #expect(counts.isEmpty || counts == [1, 2])
  }
}
