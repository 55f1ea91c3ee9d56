// SPDX-License-Identifier: Apache-2.0
import Analysis
import Foundation
import Machine
import Model
import Testing

@testable import Suite

/// Plans for the machines of Tests/Topologies.
@Suite("plans for many nodes")
struct BoundsTests {
  private func layout(
    _ name: String, cpu: Int? = nil, _ cpuNodes: NodeChoice? = .all, _ memoryNodes: NodeChoice? = .all
  ) throws -> Layout {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = try TopologyFile(path: tests.appendingPathComponent("Topologies/\(name).txt").path)
    return try Layout(
      SessionRequest(
        cpu: cpu, cpuNodes: cpuNodes, memoryNodes: memoryNodes, regionBytes: 4096, usesSecretMemory: false,
        seed: 1,
        program: nil), file.topology, quota: file.quota)
  }

  private func plan(_ layout: Layout, named name: PlanName = .full, operations: [String]? = nil) -> Plan {
    Plan.make(
      name, Selection(operations: operations, pairs: layout.pairs, pages: 512), precision: nil, budget: nil,
      seed: 1,
      otherCPUs: layout.held.count, othersByNode: layout.othersByNode,
      onlineCPUs: layout.topology.online.count,
      isAvailable: { _ in true }, refuses: { _, _ in nil })
  }

  private func texts(_ pairs: some Sequence<NodePair>) -> [String] {
    pairs.map { "\($0.cpuNode):\($0.memoryNode)" }
  }

  private static let names = [
    "8-nodes-512-cpus", "node-without-memory", "node-without-cpus", "offline-cpus", "container",
  ]

  @Test(arguments: names) func memoryCPUsAndLimitsAreKeptTo(name: String) throws {
    let layout = try layout(name)
    let topology = layout.topology
    for measured in plan(layout).groups.flatMap(\.cases) {
      #expect(topology.node(measured.memoryNode)?.memoryBytes ?? 0 > 0)
      #expect(topology.allowedNodes.contains(measured.memoryNode))
      #expect(topology.node(measured.cpuNode)?.cpus.isEmpty == false)
    }
    for cpus in layout.nodeCPUs.values {
      #expect(topology.allowed.contains(cpus.cpu) && topology.online.contains(cpus.cpu))
      #expect(cpus.held.isSubset(of: topology.allowed) && cpus.held.isSubset(of: topology.online))
      #expect(
        cpus.held.intersection(topology.siblings(of: cpus.cpu)).isEmpty && !cpus.held.contains(cpus.cpu))
      if let quota = layout.quota { #expect(Double(cpus.held.count + 1) <= quota) }
    }
  }

  @Test(arguments: names) func everyPairIsKeptOrNamedAsLeftOut(name: String) throws {
    let layout = try layout(name)
    let cpuNodes = Set(layout.nodeCPUs.keys)
    let memoryNodes = layout.topology.nodes.filter {
      $0.memoryBytes > 0 && layout.topology.allowedNodes.contains($0.number)
    }
    let every = cpuNodes.flatMap { cpu in memoryNodes.map { NodePair(cpuNode: cpu, memoryNode: $0.number) } }
    // "CPU node 0 with memory of 2-3,5-7" and so on.
    let said = layout.findings.first { $0.what.contains("stand for all") }?.what
    let clauses = said?.components(separatedBy: "CPU node ").dropFirst() ?? []
    let left = try clauses.flatMap { clause in
      let words = clause.split(separator: " ")
      let list = try #require(CPUSet(list: words[4].trimmingCharacters(in: [","])))
      return try list.members.map { NodePair(cpuNode: try #require(Int(words[0])), memoryNode: $0) }
    }
    #expect(Set(left).isDisjoint(with: layout.pairs))
    #expect(Set(left).union(layout.pairs) == Set(every))
    // Each node and each distance is among those that are kept.
    #expect(Set(layout.pairs.map(\.cpuNode)) == cpuNodes)
    #expect(Set(layout.pairs.map(\.memoryNode)) == Set(memoryNodes.map(\.number)))
    func distances(_ pairs: [NodePair]) -> Set<Int?> {
      Set(pairs.map { layout.topology.distance(from: $0.cpuNode, to: $0.memoryNode) })
    }
    #expect(distances(layout.pairs) == distances(every))
  }

  @Test func ofEightNodesTenPairsStandForAll() throws {
    let layout = try layout("8-nodes-512-cpus")
    let expected = ["0:0", "0:1", "0:4", "1:1", "2:2", "3:3", "4:4", "5:5", "6:6", "7:7"]
    #expect(texts(layout.pairs) == expected)
    let named = try self.layout("8-nodes-512-cpus", .these(Array(0...7)), .these(Array(0...7)))
    #expect(named.pairs.count == 64)
    #expect(!named.findings.contains { $0.what.contains("stand for all") })
  }

  @Test func aNodeOfMemoryAloneMeetsTheNearestCPU() throws {
    #expect(texts(try layout("node-without-cpus").pairs) == ["0:0", "0:1", "0:2", "0:3", "1:1", "1:3"])
    #expect(texts(try layout("node-without-memory").pairs) == ["0:0", "0:1", "1:1", "2:0", "2:1"])
  }

  @Test func withTheirOwnMemoryNodesWithoutAnyAreLeftOut() throws {
    let layout = try layout("node-without-memory", .all, nil)
    #expect(texts(layout.pairs) == ["0:0", "1:1"])
    #expect(layout.findings.contains { $0.what == "the CPUs of node 2 are left out: it has no memory" })
  }

  @Test func aQuotaIsSaid() throws {
    let findings = try layout("container").findings.map(\.what)
    #expect(findings.contains("the CPU quota leaves 2 of 7 other CPUs to hold"))
    #expect(findings.contains { $0.hasPrefix("the memory of node 1 is left out: it is not allowed here") })
  }

  @Test func onManyPairsTheHeadlineAloneIsOnEachUnlessNamed() throws {
    let layout = try layout("8-nodes-512-cpus")
    let plan = plan(layout)
    func pairs(_ group: CaseGroup) -> Int { Set(group.cases.map { [$0.cpuNode, $0.memoryNode] }).count }
    for group in plan.groups { #expect(pairs(group) == (group.spec.tier == .headline ? 10 : 1)) }
    let narrowed = Set(plan.groups.filter { $0.spec.tier != .headline }.map(\.spec.name))
    let remedy = try #require(plan.leftOut.first?.remedy)
    let named = try #require(remedy.components(separatedBy: "--operation ").last).split(separator: ",").map(
      String.init)
    #expect(Set(named) == narrowed && plan.leftOut.count == 1)
    let asked = self.plan(layout, operations: named)
    #expect(asked.leftOut.isEmpty)
    for group in asked.groups where group.spec.armAxis == .backing { #expect(pairs(group) == 10) }
    let shootdowns = asked.groups.filter { $0.spec.name == "user-shootdown" }
    #expect(Set(shootdowns.map { $0.cases[0].cpuNode }).count == 8)
  }

  @Test func fewNodesLeaveNothingOut() throws {
    let layout = try layout("container", .these([0]), .these([0]))
    #expect(layout.pairs.count == 1 && plan(layout).leftOut.isEmpty)
  }

  @Test func theFirstRoundsOfEveryPlanFitItsBudget() throws {
    let layout = try layout("8-nodes-512-cpus")
    for name in PlanName.allCases {
      let plan = plan(layout, named: name)
      let first = FirstRounds(assumed: plan, pages: 512)
      // Of 502 cases `quick` has no time for blocks of 512 pages.
      #expect(
        first.pages == (name == .quick ? 64 : 512) && first.finding(budget: plan.budget) == nil,
        "\(name): \(first.seconds) s")
    }
  }

  @Test func theSamePlanTwiceIsTheSamePlan() throws {
    let keys = { (plan: Plan) in plan.groups.map { $0.cases.map(\.key) } }
    let first = try layout("8-nodes-512-cpus")
    #expect(keys(plan(first)) == keys(plan(try layout("8-nodes-512-cpus"))))
    let all = keys(plan(first)).flatMap(\.self)
    #expect(Set(all).count == all.count)
  }

  /// Nodes whose distances all differ are the worst case of the pairs, CPUs that of the curves.
  @Test(arguments: [8, 16, 64]) func sixtyFourNodesMakeNoPlanWithoutEnd(nodes: Int) throws {
    let all = Array(0..<nodes)
    let topology = Topology(
      online: CPUSet(Array(0..<64 * nodes)), allowed: CPUSet(Array(0..<64 * nodes)),
      nodes: all.map { node in
        NUMANode(
          number: node, cpus: CPUSet(Array(64 * node..<64 * (node + 1))), memoryBytes: 1 << 30,
          freeBytes: 1 << 30,
          distances: all.map { 10 + abs(node - $0) })
      }, allowedNodes: CPUSet(all))
    let layout = try Layout(
      SessionRequest(
        cpuNodes: .all, memoryNodes: .all, regionBytes: 4096, usesSecretMemory: false, seed: 1, program: nil),
      topology, quota: nil)
    #expect(layout.pairs.count <= 2 * nodes)
    let cases = plan(layout, named: .nightly).groups.reduce(0) { $0 + $1.cases.count }
    #expect(cases < 1000 + 100 * nodes, "\(cases) cases")
  }
}
