// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Testing

@testable import Suite

@Suite("plans")
struct PlanTests {
  private func plan(
    _ selection: Selection, named name: PlanName = .quick, available: Set<Backing> = Set(Backing.allCases),
    otherCPUs: Int = 5, byNode: [(node: Int, count: Int)] = [], without methods: Set<String> = []
  ) -> Plan {
    Plan.make(
      name, selection, precision: nil, budget: nil, seed: 1, otherCPUs: otherCPUs, othersByNode: byNode,
      onlineCPUs: otherCPUs + 1, isAvailable: available.contains,
      refuses: { spec, _ in methods.contains(spec.method) ? .unsupported("no \(spec.method)") : nil })
  }

  private var everything: Selection { Selection(pairs: [NodePair(cpuNode: 0, memoryNode: 0)], pages: 512) }

  @Test func everyOperationAndEveryKeyOnce() {
    let plan = plan(everything, named: .full, byNode: [(0, 2), (1, 3)])
    let keys = plan.groups.flatMap { $0.cases.map(\.key) }
    #expect(Set(keys).count == keys.count)
    let names = Set(plan.groups.map { "\($0.spec.benchmark)/\($0.spec.name)" })
    #expect(names == Set(Catalogue.specs.map { "\($0.benchmark)/\($0.name)" }))
  }

  @Test func quickMeasuresTheHeadlinesInBothStatesNeverTogether() {
    let groups = plan(everything).groups
    #expect(groups.allSatisfy { $0.spec.tier != .detail })
    #expect(groups.allSatisfy { $0.spec.armAxis == .others || Set($0.cases.map(\.others)).count == 1 })
    for name in ["fault-in/touch", "guest-fault/touch", "free/unmap-last-reference"] {
      let states = groups.filter { "\($0.spec.benchmark)/\($0.spec.name)" == name }.map { $0.cases[0].others }
      #expect(states == [.spin, .idle])
    }
    #expect(groups.filter { $0.spec.method == "trace" }.map { $0.cases[0].others } == [.spin])
  }

  @Test func othersPollWhereTheyMayBeIdleAndOnlyWhereAsked() {
    var selection = everything
    #expect(plan(selection, named: .nightly).groups.allSatisfy { $0.cases.allSatisfy { $0.others != .poll } })
    selection.others = [.poll]
    let groups = plan(selection, named: .nightly).groups
    #expect(
      groups.allSatisfy { $0.spec.others.contains(.idle) && $0.cases.allSatisfy { $0.others == .poll } })
    #expect(groups.contains { $0.spec.name == "touch" } && !groups.contains { $0.spec.name == "bystander" })
  }

  @Test(arguments: PlanName.allCases) func aloneNothingIsSaidToSpinExceptWhatNeedsIt(name: PlanName) {
    let groups = plan(everything, named: name, otherCPUs: 0).groups
    let spinning = groups.filter { $0.cases.contains { $0.others == .spin } }.map(\.spec.name)
    #expect(Set(spinning) == (name == .quick ? ["bystander"] : ["bystander", "faulting-thread"]))
    #expect(groups.count { $0.spec.name == "touch" && $0.spec.benchmark == "fault-in" } == 1)
  }

  private static let machines: [(Set<Backing>, Backing)] = [
    (Set(Backing.allCases), .guestMemfd), ([.memfd, .anonymous], .memfd), ([.anonymous], .anonymous),
  ]

  @Test(arguments: machines)
  func theBaselineIsTheFirstThatTheMachineHas(available: Set<Backing>, expected: Backing) throws {
    let group = try #require(plan(everything, available: available).groups.first)
    #expect(Set(group.baselines.values.map(\.backing)) == [expected])
    #expect(group.baselines.count == group.cases.count - 1)
  }

  @Test func privateArmsAreHeldAgainstThePrivateBaseline() throws {
    let group = try #require(plan(everything).groups.first { $0.spec.benchmark == "guest-fault" })
    let secluded = try #require(group.cases.first { $0.backing == .guestMemfdPrivateNoDirectMap })
    #expect(group.baselines[secluded]?.backing == .guestMemfdPrivate)
  }

  @Test func aSelectionNarrows() {
    var selection = everything
    selection.benchmarks = ["free"]
    selection.operations = ["close", "unmap"]
    selection.backings = [.memfd]
    selection.others = [.idle]
    let cases = plan(selection, named: .full).groups.flatMap(\.cases)
    #expect(cases.map(\.operation) == ["unmap", "close"])
    #expect(cases.allSatisfy { $0.backing == .memfd && $0.others == .idle })
  }

  @Test func theFlushIsSwitchedAgainstItsAbsenceInBothStates() {
    let groups = plan(everything).groups.filter { $0.spec.method == "switch" }
    #expect(groups.map { $0.cases[0].others } == [.spin, .idle, .spin, .idle])
    let backings: [Backing] = [.guestMemfdNoDirectMap, .guestMemfdPrivateNoDirectMap]
    #expect(groups.map { $0.cases[0].backing } == backings.flatMap { [$0, $0] })
    for group in groups {
      #expect(group.cases.map(\.flush) == [.off, .on])
      #expect(Set(group.cases.map(\.backing)).count == 1)
      #expect(group.baselines == [group.cases[1]: group.cases[0]])
    }
    let others = plan(everything).groups.filter { $0.spec.method != "switch" }
    #expect(others.flatMap(\.cases).allSatisfy { $0.flush == nil })
  }

  @Test func quickLeavesDetailsOutUnlessTheyAreNamed() {
    let details = Set(Catalogue.specs.filter { $0.tier == .detail }.map(\.name))
    func names(_ plan: Plan) -> Set<String> { Set(plan.groups.map(\.spec.name)) }
    #expect(details.contains("churn"))
    let answers = Set(Catalogue.specs.filter { [.headline, .answer].contains($0.tier) }.map(\.name))
    #expect(
      names(plan(everything)) == answers
        && answers.isSuperset(of: ["touch", "unmap-last-reference", "bystander"]))
    #expect(names(plan(everything)).isDisjoint(with: details))
    #expect(names(plan(everything, named: .nightly)).isSuperset(of: details))
    var selection = everything
    selection.benchmarks = ["free", "aftermath"]
    #expect(names(plan(selection)).intersection(details) == ["page-cache-read", "copy", "pipe", "fork"])
    selection.benchmarks = nil
    selection.operations = ["churn", "close"]
    let groups = plan(selection).groups
    #expect(Set(groups.map(\.spec.name)) == ["churn", "close"])
    #expect(groups.allSatisfy { $0.cases.allSatisfy { $0.others == .spin } })
  }

  @Test(arguments: [
    (1, [1]), (8, [1, 8]), (100, [1, 16, 100]), (512, [1, 16, 512]), (1024, [1, 16, 512, 1024]),
  ])
  func aHoleHasOnePageOrMoreUpToTheWhole(pages: Int, batches: [Int]) throws {
    var selection = Selection(
      operations: ["punch-host-mapped"], backings: [.memfd], order: .random,
      pairs: [NodePair(cpuNode: 0, memoryNode: 0)], pages: pages)
    selection.others = [.idle]
    let group = try #require(plan(selection).groups.first)
    #expect(group.cases.map(\.batch) == batches)
    #expect(group.cases.allSatisfy { $0.order == .sequential && $0.key.hasSuffix("/batch=\($0.batch ?? 0)") })
    #expect(Set(group.baselines.values.map(\.batch)) == (pages > 1 ? [1] : []))
  }

  /// Its memory must be more than a TLB reaches, and is in random order whatever the caller asks for.
  @Test(arguments: [(false, 64 << 20 / Int(getpagesize())), (true, 512)])
  func anAftermathHasItsOwnSizeUnlessOneIsAsked(isSizeAsked: Bool, pages: Int) throws {
    var selection = everything
    selection.benchmarks = ["aftermath"]
    let groups = Plan.make(
      .full, selection, precision: nil, budget: nil, seed: 1, isSizeAsked: isSizeAsked, otherCPUs: 1,
      isAvailable: { _ in true }, refuses: { _, _ in nil }
    ).groups
    #expect(groups.map(\.spec.name) == ["page-cache-read", "copy", "pipe", "fork"])
    #expect(groups.flatMap(\.cases).allSatisfy { $0.pages == pages && $0.order == .random })
    #expect(groups.allSatisfy { Set($0.baselines.values.map(\.backing)) == [.guestMemfd] })
  }

  @Test func aRegionsFirstCycleIsTheBaselineOfTheLaterOnes() throws {
    var selection = everything
    selection.operations = ["churn"]
    let group = try #require(plan(selection).groups.first)
    #expect(group.cases.map(\.cycle) == [1, 2, 8])
    #expect(group.cases[2].key.hasSuffix("/cycle=8"))
    #expect(Set(group.baselines.values) == [group.cases[0]])
  }

  /// Which method each backing's flush is measured by.
  private func methods(_ plan: Plan) -> [Backing: String] {
    let flushes = plan.groups.filter { $0.spec.name == "flush-cost" }
    let pairs = flushes.flatMap { group in group.cases.map { ($0.backing, group.spec.method) } }
    return Dictionary(pairs) { $0 == $1 ? $0 : "\($0) and \($1)" }
  }

  @Test func eachBackingsFlushIsMeasuredByTheFirstMethodThatTheMachineHas() {
    let last = Backing.guestMemfdPrivateNoDirectMap
    #expect(
      methods(plan(everything)) == [
        .memfdSecret: "trace", .guestMemfdNoDirectMap: "switch", last: "switch",
      ])
    let none = "switch;trace;online-cpus"
    #expect(
      methods(plan(everything, without: ["switch"])) == [
        .memfdSecret: "trace", .guestMemfdNoDirectMap: "trace", last: none,
      ])
    #expect(
      methods(plan(everything, without: ["switch", "trace"])) == [
        .memfdSecret: "online-cpus", .guestMemfdNoDirectMap: "online-cpus", last: none,
      ])
    #expect(
      methods(plan(everything, without: ["switch", "trace", "online-cpus"]))
        == [.memfdSecret: none, .guestMemfdNoDirectMap: none, last: none])
  }

  @Test func aMethodCanBeAskedFor() {
    var selection = everything
    selection.methods = ["trace"]
    let plan = plan(selection)
    #expect(methods(plan) == [.memfdSecret: "trace", .guestMemfdNoDirectMap: "trace"])
    #expect(plan.groups.allSatisfy { $0.spec.name == "flush-cost" })
    #expect(Catalogue.methods == ["switch", "trace", "online-cpus"])
  }

  @Test(arguments: [
    (1...4, [1, 2, 3, 4]), (2...9, [2, 3, 4, 5, 6, 7, 8, 9]), (1...64, [1, 10, 19, 28, 37, 46, 55, 64]),
    (3...3, [3]),
  ])
  func aSweepHasBothEndsAndAtMostEightPoints(counts: ClosedRange<Int>, expected: [Int]) {
    #expect(FlushCost.spread(counts) == expected)
  }

  @Test func nodesAreMeasuredSideBySide() throws {
    var selection = everything
    selection.pairs = [0, 1].flatMap { cpu in [0, 1].map { NodePair(cpuNode: cpu, memoryNode: $0) } }
    let groups = plan(selection, named: .full).groups
    let touch = try #require(groups.first { $0.spec.name == "touch" })
    #expect(touch.cases.count == 4 * touch.spec.backings.count)
    for (arm, baseline) in touch.baselines {
      #expect((arm.cpuNode, arm.memoryNode) == (baseline.cpuNode, baseline.memoryNode))
    }
    // What compares others, flushes or threads does so on one pair at a time.
    let shootdowns = groups.filter { $0.spec.name == "user-shootdown" }
    #expect(shootdowns.count == 4)
    #expect(shootdowns.allSatisfy { Set($0.cases.map { [$0.cpuNode, $0.memoryNode] }).count == 1 })
    let keys = groups.flatMap { $0.cases.map(\.key) }
    #expect(Set(keys).count == keys.count)
  }

  @Test func theShootdownIsMeasuredBesideZeroOneTwoFourAndAllOthers() throws {
    let group = try #require(plan(everything, named: .full).groups.first { $0.spec.name == "user-shootdown" })
    #expect(group.cases.map(\.threads) == [1, 2, 3, 5, 6])
    #expect(Set(group.baselines.values.map(\.threads)) == [1])
  }

  @Test func threadsAreArmsOfTheSameRoundsEachComparedAtItsOwnNumber() throws {
    var selection = everything
    selection.threads = [1, 2, 4]
    let groups = plan(selection, named: .full).groups
    let plain = plan(everything, named: .full).groups
    #expect(groups.count == plain.count)
    for (group, before) in zip(groups, plain) where group.spec.armAxis != .threads && group.spec.threads == 1
    {
      // One thread is what it was without the option, key by key.
      #expect(group.cases.filter { $0.threads == 1 } == before.cases)
      #expect(group.cases.count == before.cases.count * (group.spec.takesThreads ? 3 : 1))
      #expect(group.baselines.allSatisfy { $0.key.threads == $0.value.threads })
    }
    let scaled = Set(groups.filter(\.spec.takesThreads).map { "\($0.spec.benchmark)/\($0.spec.name)" })
    #expect(scaled == ["fault-in/touch", "guest-fault/touch", "tlb-flush/flush-cost"])
    let shootdown = try #require(groups.first { $0.spec.name == "user-shootdown" })
    #expect(shootdown.cases.map(\.threads) == [1, 2, 4])
  }

  @Test func withoutOneThreadOnlyWhatTakesSeveralIsLeft() {
    var selection = everything
    selection.threads = [2]
    let groups = plan(selection, named: .full).groups
    #expect(groups.allSatisfy { $0.cases.allSatisfy { $0.threads == 2 } })
    #expect(
      Set(groups.map(\.spec.name)) == ["touch", "touch-read-ahead", "flush-cost", "user-shootdown"])
  }

  private func curves(_ name: String, _ selection: (inout Selection) -> Void = { _ in }, byNode: Bool = false)
    -> [CaseGroup]
  {
    var asked = everything
    asked.operations = [name]
    selection(&asked)
    return plan(asked, byNode: byNode ? [(0, 2), (1, 3)] : []).groups
  }

  @Test func longPlansAloneHaveTheCurvesUnlessTheyAreAskedFor() {
    let named = { (plan: Plan) in Set(plan.groups.map(\.spec.name)).intersection(["states", "targets"]) }
    #expect(named(plan(everything)).isEmpty)
    #expect(named(plan(everything, named: .nightly)).count == 2)
    #expect(!curves("states").isEmpty)
  }

  @Test func eachStateOfTheBusyCPUsIsACurveOverTheirNumber() throws {
    let groups = curves("states")
    #expect(groups.map { $0.cases[0].busy?.state } == [.spin, .syscall, .walk, .vcpu])
    let secret = groups[2].cases.filter { $0.backing == .memfdSecret }
    #expect(secret.map { $0.busy?.count } == [0, 1, 2, 4, 5])
    #expect(secret[1].key.hasSuffix("/others=idle/state=cold/busy=1:walk"))
    let nodes = curves("states", byNode: true)[0].cases.filter { $0.backing == .memfdSecret }
    let texts = ["0:spin", "1:spin@0", "2:spin@0", "1:spin@1", "2:spin@1", "3:spin@1", "5:spin"]
    #expect(nodes.map { $0.busy?.text } == texts)
  }

  @Test func theControlIsTheSamePointOfMemoryThatKeepsItsEntries() {
    for group in curves("states") + curves("targets") {
      for measured in group.cases {
        let control = group.baselines[measured]
        switch measured.backing {
        case .memfdSecret: #expect(control?.backing == .memfd)
        case .guestMemfdNoDirectMap: #expect(control?.backing == .guestMemfd)
        default: #expect(control == nil)
        }
        guard let control else { continue }
        #expect(control.busy == measured.busy && control.online == measured.online)
      }
    }
    let asked = curves("targets") { $0.baseline = .guestMemfd }
    #expect(asked[0].baselines.allSatisfy { $1.backing == .guestMemfd && $0.backing != .guestMemfd })
  }

  @Test func theOnlineCPUsAreACurveInEachStateAndBesideWalkers() {
    let groups = curves("targets")
    let points = groups.map { $0.cases.filter { $0.backing == .memfd } }
    #expect(points.map { $0.map(\.online) } == Array(repeating: [1, 2, 4, 6], count: 3))
    #expect(points.map { $0[1].others } == [.spin, .idle, .idle])
    #expect(points[2].map { $0.busy?.count } == [0, 1, 3, 5])
    #expect(points[2][1].key.hasSuffix("/others=idle/state=cold/busy=1:walk/online=2"))
  }

  @Test(arguments: [
    (1, [1]), (2, [1, 2]), (4, [1, 2, 3, 4]), (5, [1, 2, 4, 5]), (64, [1, 2, 4, 8, 16, 32, 64]),
  ])
  func fewCPUsGiveEveryPoint(online: Int, counts: [Int]) {
    #expect(PlannedCPUs(others: 0, online: online).onlineCounts == counts)
  }
}
