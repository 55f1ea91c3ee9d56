// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

/// What `--dry-run` shows: the groups of a plan in the order of a run, how large they are, and about how long they take.
public struct PlanOutline: Sendable {
  private let plan: Plan
  private let topology: Topology
  private let source: String?
  private let quota: Double?
  private let pairs: [NodePair]
  private let measuringCPU: Int
  private let heldCPUs: CPUSet
  private let findings: [Finding]
  private let pageBytes: Int

  /// - Parameters:
  ///   - source: the file that the topology is from; nil for this machine's own.
  ///   - quota: CPUs' worth of time; nil: no limit.
  ///   - findings: what was decided about the places.
  public init(
    plan: Plan, topology: Topology, source: String?, quota: Double?, pairs: [NodePair], measuringCPU: Int,
    heldCPUs: CPUSet, findings: [Finding], pageBytes: Int
  ) {
    self.plan = plan
    self.topology = topology
    self.source = source
    self.quota = quota
    self.pairs = pairs
    self.measuringCPU = measuringCPU
    self.heldCPUs = heldCPUs
    self.findings = findings
    self.pageBytes = pageBytes
  }

  public func render(color: Bool) -> String {
    let pages = plan.groups.first?.cases.first?.pages ?? 0
    let first = FirstRounds(assumed: plan, pages: pages)
    let warnings = findings + plan.leftOut + [first.finding(budget: plan.budget)].compactMap(\.self)
    let parts = [
      place, table(pages: first.pages, Style(color: color)), totals(first, asked: pages),
      Warnings.render(warnings, color: color),
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var place: String {
    let nodes = topology.nodes.map { node in
      let lacks = [node.cpus.isEmpty ? "no CPU" : nil, node.memoryBytes == 0 ? "no memory" : nil]
      let words = lacks.compactMap(\.self).joined(separator: ", ")
      return words.isEmpty ? "\(node.number)" : "\(node.number) (\(words))"
    }
    let limit = quota.map { ", \(Figures.fixed($0, 2)) of them at a time by quota" } ?? ""
    return """
      topology of \(source ?? "this machine"): nodes \(nodes.joined(separator: ", ")); \(count(topology.online.count, "CPU")) \
      online (\(topology.online)), \(topology.allowed.count) allowed\(limit)
      measured on CPU \(measuringCPU), with \(count(heldCPUs.count, "other CPU")) to hold; CPU node:memory node \
      \(pairs.map { "\($0.cpuNode):\($0.memoryNode)" }.joined(separator: " "))

      """
  }

  private func table(pages: Int, _ style: Style) -> String {
    var table = TextTable([.right, .left, .right, .left, .right, .right])
    table.row(["", "group", "arms", "which", "blocks", "least time"])
    for (index, group) in plan.groups.enumerated() {
      let cases = group.cases.count
      table.row([
        "\(index + 1)", "\(group.spec.benchmark) \(group.spec.name)", Figures.count(cases), axes(group.cases),
        Figures.count(cases * FirstRounds.blocks(passes: plan.passes)),
        Figures.time(1e9 * FirstRounds.assumedSeconds(cases: cases, pages: pages, passes: plan.passes)),
      ])
    }
    return table.render(style)
  }

  /// What the arms have in common and in what they differ: `8 backings × 10 pairs of nodes, others=spin`.
  private func axes(_ cases: [Case]) -> String {
    let backings = Set(cases.map(\.backing))
    let pairs = Set(cases.map { NodePair(cpuNode: $0.cpuNode, memoryNode: $0.memoryNode) })
    let parts = [
      backings.count == 1 ? backings.first?.rawValue : "\(backings.count) backings",
      self.pairs.count == 1 ? nil : pairs.count == 1 ? "one pair of nodes" : "\(pairs.count) pairs of nodes",
    ]
    let planned = Axis.planned.flatMap { values(of: $0, in: cases) }
    return (parts.compactMap(\.self) + planned).joined(separator: " ")
  }

  /// `others=spin,idle`; none of an axis that all cases leave alone.
  private func values(of axis: Axis, in cases: [Case]) -> [String] {
    guard !cases.allSatisfy(axis.isNeutral) else { return [] }
    var names: [String] = []
    var values: [String: [String]] = [:]
    for facet in cases.flatMap(axis.facets) {
      if values[facet.name] == nil { names.append(facet.name) }
      if values[facet.name]?.contains(facet.value) != true {
        values[facet.name, default: []].append(facet.value)
      }
    }
    return names.map { "\($0)=\(values[$0, default: []].joined(separator: ","))" }
  }

  private func totals(_ first: FirstRounds, asked: Int) -> String {
    let cases = plan.groups.reduce(0) { $0 + $1.cases.count }
    let shrinks = first.pages < asked ? " (\(asked) would not fit; --size keeps them)" : ""
    return """
      plan \(plan.name), seed \(plan.seed): \(count(cases, "case")) in \(count(plan.groups.count, "group")), at least \
      \(count(cases * FirstRounds.blocks(passes: plan.passes), "block")) of \(first.pages) pages of \(pageBytes >> 10) KiB\(shrinks)
      \(plan.passes == 1 ? "1 pass" : "\(plan.passes) passes") over all groups, each in its own order: one round and one that does not count take \
      about \(Figures.time(1e9 * first.seconds)) in all;
      the groups that miss ±\(Figures.fixed(100 * plan.precision, 1)) % share the rest of \(Figures.time(1e9 * plan.budget)) (--budget)
      assumed, not measured: \(FirstRounds.assumption);
        every backing and method there (gmembench list says what this machine has); hotplug takes no time
      a run goes by one measured block of each case instead: with many CPUs blocks take longer

      """
  }

  private func count(_ number: Int, _ what: String) -> String {
    "\(Figures.count(number)) \(what)\(number == 1 ? "" : "s")"
  }
}
