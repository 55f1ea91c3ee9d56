// SPDX-License-Identifier: Apache-2.0
import Model

/// What keeps a plan for many nodes from growing with their square. Up to `mostPairs` pairs of CPU and memory node,
/// everything is measured on each of them. Of more, `all` takes each CPU node with the nearest memory, each memory node
/// with the nearest CPU, and one pair for each further distance; and only the headline operations, and those that are
/// named, are measured on more than the first. What is left out is said.
enum Bounds {
  static let mostPairs = 4

  /// The pairs that stand for all of these, in their order.
  static func representatives(_ pairs: [NodePair], _ topology: Topology) -> [NodePair] {
    guard pairs.count > mostPairs else { return pairs }
    let known = pairs.map { pair in
      // Own memory is the nearest, whether distances are stated or not.
      pair.cpuNode == pair.memoryNode ? 0 : topology.distance(from: pair.cpuNode, to: pair.memoryNode) ?? 1
    }
    let distances = Dictionary(zip(pairs, known)) { first, _ in first }
    var kept: Set<NodePair> = []
    for side in [\NodePair.cpuNode, \.memoryNode] {
      for alternatives in Dictionary(grouping: pairs, by: { $0[keyPath: side] }).values {
        // Of equally near ones the first.
        let nearest = alternatives.min { distances[$0, default: 0] < distances[$1, default: 0] }
        if let nearest { kept.insert(nearest) }
      }
    }
    var represented = Set(kept.compactMap { distances[$0] })
    for (pair, distance) in zip(pairs, known) where represented.insert(distance).inserted {
      kept.insert(pair)
    }
    return pairs.filter(kept.contains)
  }

  /// Names every pair that is left out, and how to have it.
  static func finding(kept: [NodePair], of pairs: [NodePair]) -> Finding? {
    let left = Dictionary(grouping: Set(pairs).subtracting(kept), by: \.cpuNode)
    guard !left.isEmpty else { return nil }
    let clauses = left.sorted { $0.key < $1.key }.map { node, pairs in
      "CPU node \(node) with memory of \(CPUSet(pairs.map(\.memoryNode)))"
    }
    func list(_ side: KeyPath<NodePair, Int>) -> String {
      CPUSet(pairs.map { $0[keyPath: side] }).members.map(String.init).joined(separator: ",")
    }
    return Finding(
      .warning,
      "of \(pairs.count) pairs of nodes \(kept.count) stand for all: the nearest, and one for each distance; left out: "
        + clauses.joined(separator: ", "),
      remedy:
        "name the nodes to have every pair: --cpu-node \(list(\.cpuNode)) --memory-node \(list(\.memoryNode))"
    )
  }

  /// The selection that one operation takes part in.
  static func narrowed(_ selection: Selection, for spec: OperationSpec) -> Selection {
    guard selection.pairs.count > mostPairs, spec.tier != .headline,
      selection.operations?.contains(spec.name) != true
    else { return selection }
    var narrowed = selection
    narrowed.pairs = [selection.pairs[0]]
    return narrowed
  }

  /// Names the operations that are measured on the first pair alone, and how to have them on each.
  static func finding(narrowed specs: [OperationSpec], _ selection: Selection) -> Finding? {
    let names = specs.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    guard !names.isEmpty else { return nil }
    let first = selection.pairs[0]
    let operations = names.count == 1 ? "one operation" : "\(names.count) operations"
    return Finding(
      .warning,
      "of \(selection.pairs.count) pairs of nodes, \(operations) beside the headline have the first alone (CPU node "
        + "\(first.cpuNode), memory of node \(first.memoryNode))",
      remedy: "a run of their own has them on each: --operation \(names.joined(separator: ","))")
  }
}
