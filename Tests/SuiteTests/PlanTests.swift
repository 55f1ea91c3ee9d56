// SPDX-License-Identifier: Apache-2.0
import Experiment
import GuestMemory
import Testing

@testable import Suite

@Suite("plans")
struct PlanTests {
  private func plan(
    _ selection: Selection, named name: PlanName = .quick, available: Set<Backing> = Set(Backing.allCases),
    otherCPUs: Int = 5, without methods: Set<String> = []
  ) -> Plan {
    Plan.make(
      name, selection, precision: nil, budget: nil, seed: 1, otherCPUs: otherCPUs,
      isAvailable: available.contains,
      refuses: { spec, _ in methods.contains(spec.method) ? .unsupported("no \(spec.method)") : nil })
  }

  private var everything: Selection { Selection(cpuNode: 0, memoryNodes: [0], pages: 512) }

  @Test func everyOperationAndEveryKeyOnce() {
    let plan = plan(everything)
    let keys = plan.groups.flatMap { $0.cases.map(\.key) }
    #expect(Set(keys).count == keys.count)
    let names = Set(plan.groups.map { "\($0.spec.benchmark)/\($0.spec.name)" })
    #expect(names == Set(Catalogue.operations.map { "\($0.benchmark)/\($0.name)" }))
  }

  @Test func quickMeasuresTheHeadlinesInBothStatesNeverTogether() {
    let groups = plan(everything).groups
    #expect(groups.allSatisfy { $0.spec.armAxis == .others || Set($0.cases.map(\.others)).count == 1 })
    for name in ["fault-in/touch", "guest-fault/touch", "free/unmap-last-reference"] {
      let states = groups.filter { "\($0.spec.benchmark)/\($0.spec.name)" == name }.map { $0.cases[0].others }
      #expect(states == [.spin, .idle])
    }
    #expect(groups.filter { $0.spec.name == "fallocate" }.map { $0.cases[0].others } == [.spin])
  }

  @Test(arguments: PlanName.allCases) func aloneNothingIsSaidToSpinExceptWhatNeedsIt(name: PlanName) {
    let groups = plan(everything, named: name, otherCPUs: 0).groups
    let spinning = groups.filter { $0.cases.contains { $0.others == .spin } }.map(\.spec.name)
    #expect(Set(spinning) == ["bystander", "faulting-thread"])
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

  @Test func theShootdownIsMeasuredBesideZeroOneTwoFourAndAllOthers() throws {
    let group = try #require(plan(everything).groups.first { $0.spec.name == "user-shootdown" })
    #expect(group.cases.map(\.threads) == [1, 2, 3, 5, 6])
    #expect(Set(group.baselines.values.map(\.threads)) == [1])
  }

  @Test func threadsAreArmsOfTheSameRoundsEachComparedAtItsOwnNumber() throws {
    var selection = everything
    selection.threads = [1, 2, 4]
    let groups = plan(selection).groups
    let plain = plan(everything).groups
    #expect(groups.count == plain.count)
    for (group, before) in zip(groups, plain) where group.spec.armAxis != .threads {
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
    let groups = plan(selection).groups
    #expect(groups.allSatisfy { $0.cases.allSatisfy { $0.threads == 2 } })
    #expect(
      Set(groups.map(\.spec.name)) == ["touch", "flush-cost", "user-shootdown"])
  }
}
