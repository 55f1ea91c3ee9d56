// SPDX-License-Identifier: Apache-2.0

extension Axis {
  public static let benchmark = Axis("benchmark", \.benchmark, option: "benchmark", isBare: true)
  public static let operation = Axis("operation", \.operation, option: "operation", isBare: true)
  public static let backing = Axis("backing", \.backing, option: "backing", isBare: true)
  public static let pages = Axis("pages", \.pages, option: "size")
  public static let order = Axis("order", \.order, option: "order") { "\($0) order" }
  public static let threads = Axis("threads", \.threads, option: "threads", isPlanned: true) {
    "\($0) threads"
  }
  public static let cpuNode = Axis("cpu_node", \.cpuNode, option: "cpu-node")
  public static let memoryNode = Axis("memory_node", \.memoryNode, option: "memory-node")
  /// No state of the others goes without saying.
  public static let others = Axis("others", \.others, option: "others", isPlanned: true, isAlwaysNamed: true)
  public static let state = Axis("state", \.state, option: "state") { $0 }
  public static let directMap = Axis(
    "direct_map", choice: \.directMap, column: "direct_map", option: "direct-map")
  /// The column `flush` has what the counters showed.
  public static let flush = Axis("flush", choice: \.flush, isPlanned: true, unset: { _ in "as it is" })
  public static let batch = Axis("batch", choice: \.batch, isPlanned: true, unset: { "\($0.pages)" })
  public static let cycle = Axis("cycle", choice: \.cycle, isPlanned: true, unset: { _ in "1" })
  public static let busy = Axis(
    "busy", choice: \.busy, isPlanned: true,
    facets: { busy in
      [("busy", "\(busy.count)"), ("by", busy.state.rawValue)] + (busy.node.map { [("on", "\($0)")] } ?? [])
    })
  public static let online = Axis("online", choice: \.online, isPlanned: true, unset: { _ in "0" })
  public static let sibling = Axis(
    "sibling", choice: \.sibling, column: "sibling", option: "sibling", isPlanned: true,
    unset: { _ in "idle" })
  public static let replica = Axis("replica", choice: \.replica, unset: { _ in "0" })

  /// Every axis, in the order of keys.
  public static let all: [Axis] = [
    benchmark, operation, backing, pages, order, threads, cpuNode, memoryNode, others, state, directMap,
    flush, batch, cycle, busy, online, sibling, replica,
  ]
}
