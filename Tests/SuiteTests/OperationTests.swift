// SPDX-License-Identifier: Apache-2.0
import CKernel
import Foundation
import GuestMemory
import Harness
import Machine
import Model
import Suite
import TestSupport
import Testing

private let hasKVM: Bool = {
  guard case .success = KVMAccess(insisting: nil, acceptsHostRisk: false).capabilities else { return false }
  return ckernel_guest_supported() != 0
}()
private let secretMemory = SecretMemory.openAndClose() == 0
/// One to keep busy, or for another thread.
private let secondCPU = (try? Topology.read()).map { $0.allowed.intersection($0.online).count > 1 } ?? false
private let needsSecondCPU: Comment = "a second CPU, and memfd_secret"

/// Every operation on real memory of this machine, small and once: what it says of itself must hold.
@Suite("operations on this machine", .serialized, .enabled(if: builtProgram != nil, "the built gmembench"))
struct OperationTests {
  private static let pages = 512

  private func session() throws -> Session {
    try Session.open(
      SessionRequest(
        regionBytes: Self.pages * 4096, usesSecretMemory: true, seed: 1, program: builtProgram))
  }

  /// Every case of a selection, run through its rounds.
  func run(_ selection: (inout Selection) -> Void, budget: Double = 3) throws -> (RunReport, Sink) {
    let allowed = Affinity.current()
    defer {
      if let allowed { Affinity.restore(allowed) }
      MemoryPolicy.reset()
    }
    let session = try session()
    var asked = Selection(pairs: session.pairs, pages: session.pages)
    selection(&asked)
    let plan = Plan.make(
      .quick, asked, precision: 0.5, budget: budget, seed: 1, isSizeAsked: true,
      otherCPUs: session.context.cpus.bystanders.cpus.count, isAvailable: session.offers,
      refuses: session.refusal)
    let sink = Sink()
    var runner = Runner(
      plan: plan, context: session.runContext(of: plan, version: "test"), on: session.context,
      measurer: Pass(session.context, operation: Catalogue.operation), sink: sink,
      identify: Catalogue.identify)
    try runner.run()
    return (runner.report, sink)
  }

  final class Sink: RunSink {
    var blocks: [Block] = []
    func record(_ block: Block) { blocks.append(block) }
    func publish(_ report: RunReport) {}
  }

  @Test(arguments: Catalogue.benchmarks) func nothingFails(benchmark: String) throws {
    let (report, _) = try run(
      {
        $0.benchmarks = [benchmark]
        $0.operations = Catalogue.specs.map(\.name)
      }, budget: 10)
    for row in report.summaries {
      #expect(row.status != .failed, "\(row.measuredCase.key): \(row.reason ?? "")")
      #expect(row.invalidBlocks == 0 || row.blocks > 0, "\(row.measuredCase.key): \(row.reason ?? "")")
      if row.status == .unsupported { #expect(row.reason?.isEmpty == false) }
      // A fault that flushes nothing may steal nothing from a bystander.
      let mayBeZero = row.measuredCase.operation == "bystander" && !row.measuredCase.backing.removesDirectMap
      if row.blocks > 0, !mayBeZero { #expect((row.samples.maximum ?? 0) > 0, "\(row.measuredCase.key)") }
    }
    // Only the guest's faults need KVM altogether.
    let needsKVM = benchmark == "guest-fault"
    #expect(report.summaries.contains { $0.blocks > 0 } == (hasKVM || !needsKVM))
  }

  @Test func aPageIsASample() throws {
    let (_, sink) = try run {
      $0.benchmarks = ["fault-in"]
      $0.operations = ["touch", "fallocate"]
      $0.backings = [.memfd]
      $0.others = [.idle]
    }
    let counts = Set(sink.blocks.map { "\($0.measuredCase.operation) \($0.samples.count)" })
    #expect(counts == ["touch \(Self.pages)", "fallocate 1"])
  }

  @Test func aBatchIsASample() throws {
    let (_, sink) = try run {
      $0.operations = ["touch-in-batches", "punch-host-mapped"]
      $0.backings = [.memfd]
      $0.others = [.idle]
    }
    for block in sink.blocks {
      #expect(
        block.samples.count == Self.pages / (block.measuredCase.batch ?? 1), "\(block.measuredCase.key)")
      #expect(block.placement == .verified || block.placement == .onlyNode)
    }
    #expect(Set(sink.blocks.map(\.measuredCase.batch)) == [1, 8, 16, 64, 512])
  }

  @Test(.enabled(if: secondCPU && secretMemory, needsSecondCPU), arguments: ["fault-in", "guest-fault"])
  func aThreadTakesPagesInForAnother(benchmark: String) throws {
    let (report, sink) = try run {
      $0.benchmarks = [benchmark]
      $0.operations = ["touch-read-ahead"]
      $0.backings = [.memfdSecret, .guestMemfd]
    }
    // Where there is no KVM, the row says so.
    for row in report.summaries where row.status == .unsupported { #expect(row.reason?.isEmpty == false) }
    #expect(!sink.blocks.isEmpty || benchmark == "guest-fault" && !hasKVM)
    for block in sink.blocks {
      #expect(block.measuredCase.threads == 2)
      #expect(
        block.samples.count == Self.pages / (block.measuredCase.batch ?? 1), "\(block.measuredCase.key)")
      // Of a thread that only follows: the other one has the faults.
      if benchmark == "fault-in", let faults = block.counters.minorFaults {
        #expect(faults < Self.pages / 2, "\(block.measuredCase.key): \(faults) faults")
      }
      #expect(block.placement == .verified || block.placement == .onlyNode)
    }
  }

  /// The holder's pages are asked for by its pid, while it has them.
  @Test func theKilledHolderHadItsMemoryWhereItBelongs() throws {
    let (report, sink) = try run(
      {
        $0.operations = ["kill", "kill-empty"]
        $0.backings = [.anonymous, .memfd, .memfdSecret]
      }, budget: 20)
    let topology = try Topology.read()
    for row in report.summaries where row.measuredCase.operation == "kill" && row.status != .unsupported {
      let allowed: [Placement] = topology.hasNUMA ? [.verified] : [.verified, .onlyNode]
      #expect(row.placement.map(allowed.contains) == true, "\(row.measuredCase.key) \(row.reason ?? "")")
    }
    #expect(sink.blocks.contains { $0.measuredCase.operation == "kill-empty" })
  }

  @Test func placementIsVerifiedOnNodeZero() throws {
    let (report, _) = try run {
      $0.benchmarks = ["fault-in"]
      $0.operations = ["touch"]
      $0.backings = [.memfd]
    }
    let topology = try Topology.read()
    for row in report.summaries {
      let allowed: [Placement] = topology.hasNUMA ? [.verified] : [.verified, .onlyNode]
      #expect(row.placement.map(allowed.contains) == true, "\(String(describing: row.placement))")
    }
  }

  @Test(.enabled(if: secondCPU && secretMemory, needsSecondCPU))
  func secretMemoryFlushesEveryOtherCPUOncePerPage() throws {
    let (report, sink) = try run {
      $0.benchmarks = ["fault-in"]
      $0.operations = ["touch"]
      $0.backings = [.memfd, .memfdSecret]
      $0.others = [.spin]
    }
    let secret = try #require(report.summaries.first { $0.measuredCase.backing == .memfdSecret })
    try #require(secret.blocks > 0, "\(secret.reason ?? "")")
    // Where interrupts are not counted (around some block at least), or the CPU needs none, the row must not claim a
    // flush.
    let isCounted = sink.blocks.contains {
      $0.measuredCase.backing == .memfdSecret && $0.counters.calInterrupts != nil
    }
    let isSeen = isCounted && CPUFeatures.read().broadcastFlush == FlushMechanism.ipi.rawValue
    #expect(secret.flush == (isSeen ? .on : .unknown))
    #expect(report.summaries.first { $0.measuredCase.backing == .memfd }?.flush == nil)
  }

  @Test(.enabled(if: secretMemory && DirectMapSizes.read().kib4 != nil, "memfd_secret and DirectMap4k"))
  func theSplitCountersTellWhetherTheDirectMapWasSplit() throws {
    // Another suite may split something between two readings, but not each time.
    #expect(try (0..<3).contains { _ in try splitsAgree() })
  }

  private func touchesOfSecretMemory(_ state: DirectMapSetting) throws -> (Summary, [Block]) {
    // The search for memory that is not split yet takes seconds and ends far before this.
    let (report, sink) = try run(
      {
        $0.operations = ["touch"]
        $0.benchmarks = ["fault-in"]
        $0.backings = [.memfdSecret]
        $0.others = [.idle]
        $0.directMap = state
      }, budget: 120)
    return (try #require(report.summaries.first), sink.blocks)
  }

  @Test(.enabled(if: secretMemory, "memfd_secret")) func whatWasSplitBeforeSplitsNoMore() throws {
    let (row, blocks) = try touchesOfSecretMemory(.split)
    #expect(row.measuredCase.key.hasSuffix("/direct_map=split"))
    #expect(row.blocks > 0)
    // A block that splits all the same is no result, and rare.
    #expect(blocks.filter { $0.status == .valid }.allSatisfy { $0.counters.splits ?? 0 == 0 })
    #expect(row.blocks > 4 * row.invalidBlocks)
  }

  @Test(.enabled(if: secretMemory && DirectMapSizes.read().mib2 ?? 0 > 0, "memfd_secret and DirectMap2M"))
  func aColdRowTellsInHowManyBlocksSomethingSplit() throws {
    let (row, blocks) = try touchesOfSecretMemory(.cold)
    let splitting = blocks.count { $0.status == .valid && $0.counters.splits ?? 0 > 0 }
    #expect(row.splittingBlocks == splitting)
    #expect(
      row.reason?.hasPrefix("\(splitting) of \(row.blocks) blocks split a huge entry of the direct map")
        == true)
  }

  private func splitsAgree() throws -> Bool {
    var counters = CounterReader(cpus: try Topology.read().online)
    let before = try #require(DirectMapSizes.read().kib4)
    counters.snapshot(.before)
    do {
      let file = try MemoryFile.memfdSecret(bytes: Self.pages * 4096)
      let region = try Region.mapping(file)
      for page in 0..<Self.pages { region.base.storeBytes(of: 1, toByteOffset: page * 4096, as: UInt8.self) }
    }
    counters.snapshot(.after)
    let after = try #require(DirectMapSizes.read().kib4)
    let splits = try #require(counters.difference().level2Splits)
    // A split turns 2 MiB of the direct map into 4 KiB entries, and freeing does not merge them.
    return after - before == Int64(splits) * (2 << 20)
  }

  @Test(.enabled(if: secondCPU && secretMemory, needsSecondCPU))
  func busyCPUsSayWhatAFlushTakesFromEachOfThem() throws {
    let (report, sink) = try run(
      {
        $0.operations = ["states"]
        $0.backings = [.memfd, .memfdSecret]
      }, budget: 6)
    try #require(report.summaries.contains { $0.blocks > 0 })
    for block in sink.blocks where block.status == .valid {
      let busy = try #require(block.measuredCase.busy)
      let bystanders = try #require(block.bystanders)
      #expect(bystanders.cpus.count == busy.count && bystanders.stolen.count == busy.count)
      #expect(bystanders.gaps.allSatisfy { $0 > 0 })
      #expect(block.gaps == nil || bystanders.gaps.count == Int(block.gaps ?? 0))
    }
    // On a busy machine a bystander may not run through every block; over all of them it sees something.
    for row in report.summaries where row.blocks > 0 && row.mechanism == .ipi {
      guard let busy = row.measuredCase.busy, busy.count > 0 else { continue }
      #expect((row.bystanders?.gaps.count ?? 0) > 0, "\(row.measuredCase.key)")
    }
  }

  @Test func cpusAreNotTakenOfflineUnasked() throws {
    let (report, _) = try run { $0.operations = ["targets"] }
    #expect(!report.summaries.isEmpty)
    #expect(report.summaries.allSatisfy { $0.status == .unsupported && $0.reason != nil })
  }

  @Test func descriptorsAndMappingsStayFlat() throws {
    func open() throws -> (Int, Int) {
      let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n").count
      return (descriptors, maps)
    }
    // Each group ends when it is precise; the budget is for machines that are busy.
    let some: (inout Selection) -> Void = {
      $0.benchmarks = ["guest-fault", "free"]
      $0.operations = ["touch", "punch-hole", "vm-destroy"]
    }
    _ = try run(some, budget: 1)
    let before = try open()
    let (_, sink) = try run(some, budget: 120)
    let after = try open()
    #expect(sink.blocks.count > 100)
    // Other suites run beside this one; a leak of one a block would be hundreds.
    #expect(abs(after.0 - before.0) < 50)
    #expect(abs(after.1 - before.1) < 80)
  }
}
