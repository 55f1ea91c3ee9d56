// SPDX-License-Identifier: Apache-2.0
import Model
import SystemPackage

/// A machine as its own tools print it, so that a plan can be made for one that is elsewhere. One file holds, in any
/// order, what these print:
///
///     numactl --hardware                      # nodes, their CPUs and memory, distances: the only part that must be there
///     lscpu -a -p=CPU,CORE,NODE,ONLINE        # SMT siblings, CPUs that are offline
///     grep _allowed_list /proc/self/status    # the cpuset
///     grep -H . /sys/fs/cgroup/cpu.max        # the CPU quota
public struct TopologyFile: Sendable {
  public let topology: Topology
  /// As of `Quota.read`; nil: no limit.
  public let quota: Double?

  /// Far above what any machine's tools print.
  private static let mostBytes = 8 << 20

  /// A failure names the file and, where there is one, the line.
  public init(path: String) throws(Refusal) {
    let text: String
    do { text = try Self.text(path) } catch { throw Refusal.unsupported("\(path): \(error)") }
    guard text.utf8.count <= Self.mostBytes else {
      throw Refusal.unsupported("\(path): more than \(Self.mostBytes >> 20) MiB are no topology")
    }
    try self.init(text: text, name: path)
  }

  init(text: String, name: String) throws(Refusal) {
    var lines = TopologyLines(name: name)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { try lines.take(line) }
    topology = try lines.topology()
    quota = lines.quota
  }

  private static func text(_ path: String) throws -> String {
    let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while bytes.count <= mostBytes {
        let got = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if got == 0 { break }
        bytes.append(contentsOf: chunk[..<got])
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}

/// The lines so far.
private struct TopologyLines {
  private struct Node {
    var line: Int
    var cpus: CPUSet?
    var sizeBytes: Int64?
    var freeBytes: Int64?
  }

  /// A line of lscpu.
  private struct Row {
    var line: Int
    var core: Int?
    var node: Int?
    var isOnline: Bool
  }

  let name: String
  private(set) var quota: Double?
  private var line = 0
  private var declared: (line: Int, nodes: CPUSet)?
  private var nodes: [Int: Node] = [:]
  private var columns: [String] = []
  private var rows: [Int: Row] = [:]
  private var allowed: (line: Int, cpus: CPUSet)?
  private var allowedNodes: CPUSet?
  private var distanceColumns: (line: Int, nodes: [Int])?
  private var distances: [Int: (line: Int, values: [Int])] = [:]
  private var hasNoDistances = false

  init(name: String) { self.name = name }

  mutating func take(_ text: Substring) throws(Refusal) {
    line += 1
    let words = text.split(whereSeparator: \.isWhitespace)
    guard let first = words.first else { return }
    switch first {
    case "available:": try takeDeclaration(words)
    case "node": try takeNode(words)
    case "No": hasNoDistances = true
    case "Cpus_allowed_list:":
      allowed = (line, try list(words, "Cpus_allowed_list"))
    case "Mems_allowed_list:": allowedNodes = try list(words, "Mems_allowed_list")
    case _ where first.hasPrefix("#"): takeColumns(text)
    case _ where first.contains("cpu.max:"): try takeQuota(words)
    case _ where first.hasSuffix(":") && distanceColumns != nil: try takeDistances(words)
    case _ where first.contains(",") && words.count == 1: try takeRow(first)
    default:
      throw failure("'\(text.prefix(60))' is not from numactl --hardware, lscpu -p, status or cpu.max")
    }
  }

  private func failure(_ message: String, line: Int? = nil) -> Refusal {
    Refusal.unsupported("\(name):\(line ?? self.line): \(message)")
  }

  private func number(_ text: Substring, _ what: String) throws(Refusal) -> Int {
    guard let set = CPUSet(list: String(text)), set.count == 1, let number = set.members.first else {
      throw failure("\(what) '\(text.prefix(40))' is not a number from 0 to 65535")
    }
    return number
  }

  private func list(_ words: [Substring], _ what: String) throws(Refusal) -> CPUSet {
    guard words.count == 2, let set = CPUSet(list: String(words[1])), !set.isEmpty else {
      throw failure("\(what) is not a list such as 0-3,8")
    }
    return set
  }

  private mutating func takeDeclaration(_ words: [Substring]) throws(Refusal) {
    let list = words.last.map { $0.filter { $0 != "(" && $0 != ")" } } ?? ""
    guard words.count == 4, words[2] == "nodes", let numbers = CPUSet(list: list),
      numbers.count == Int(words[1])
    else { throw failure("'available: N nodes (LIST)' is expected, with N nodes in LIST") }
    guard declared == nil else { throw failure("a second machine begins here") }
    declared = (line, numbers)
  }

  private mutating func takeNode(_ words: [Substring]) throws(Refusal) {
    guard words.count > 1 else { throw failure("a node without a number") }
    if words[1] == "distances:" { return }
    if words.dropFirst().allSatisfy({ Int($0) != nil }) {
      var numbers: [Int] = []
      for word in words.dropFirst() { numbers.append(try known(word)) }
      distanceColumns = (line, numbers)
      return
    }
    let number = try known(words[1])
    var node = nodes[number] ?? Node(line: line)
    switch words.count > 2 ? words[2] : "" {
    case "cpus:":
      guard node.cpus == nil else { throw failure("the CPUs of node \(number) a second time") }
      var cpus: Set<Int> = []
      for word in words.dropFirst(3) {
        let cpu = try self.number(word, "CPU")
        let other = nodes.first { $0.value.cpus?.contains(cpu) == true }?.key
        guard other == nil, cpus.insert(cpu).inserted else {
          throw failure("CPU \(cpu) is listed twice, of node \(other ?? number) before")
        }
      }
      node.cpus = CPUSet(cpus)
    case "size:": node.sizeBytes = try mebibytes(words)
    case "free:": node.freeBytes = try mebibytes(words)
    default: throw failure("'node N cpus: …', 'node N size: … MB' or 'node N free: … MB' is expected")
    }
    nodes[number] = node
  }

  /// A node that the file declared.
  private func known(_ word: Substring) throws(Refusal) -> Int {
    let number = try self.number(word, "node")
    guard let declared else { throw failure("node \(number) stands before the line 'available: …'") }
    guard declared.nodes.contains(number) else {
      throw failure("unknown node \(number) (line \(declared.line) says \(declared.nodes))")
    }
    return number
  }

  private func mebibytes(_ words: [Substring]) throws(Refusal) -> Int64 {
    guard words.count == 5, words[4] == "MB", let size = Int64(words[3]), (0..<1 << 43).contains(size) else {
      throw failure("a size is not whole MB, or not of this world")
    }
    return size << 20
  }

  private mutating func takeDistances(_ words: [Substring]) throws(Refusal) {
    let node = try known(words[0].dropLast())
    guard distances[node] == nil else { throw failure("the distances of node \(node) a second time") }
    let expected = distanceColumns?.nodes.count ?? 0
    guard words.count - 1 == expected else {
      throw failure("node \(node) has \(words.count - 1) distances, and there are \(expected) nodes")
    }
    var values: [Int] = []
    for word in words.dropFirst() { values.append(try number(word, "distance")) }
    distances[node] = (line, values)
  }

  /// lscpu names its columns in its last comment.
  private mutating func takeColumns(_ text: Substring) {
    let names = text.drop { $0 == "#" || $0 == " " }.lowercased().split(
      separator: ",", omittingEmptySubsequences: false)
    if names.first == "cpu" { columns = names.map(String.init) }
  }

  private mutating func takeRow(_ text: Substring) throws(Refusal) {
    let fields = text.split(separator: ",", omittingEmptySubsequences: false)
    guard !columns.isEmpty else { throw failure("lscpu's '# CPU,…' is missing above") }
    guard fields.count == columns.count else {
      throw failure("\(fields.count) fields, and the heading has \(columns.count)")
    }
    func field(_ name: String) -> Substring? {
      // Of an offline CPU lscpu knows no core.
      columns.firstIndex(of: name).map { fields[$0] }.flatMap { $0.isEmpty || $0 == "-" ? nil : $0 }
    }
    func optional(_ name: String) throws(Refusal) -> Int? {
      guard let text = field(name) else { return nil }
      return try number(text, name)
    }
    let cpu = try number(fields[0], "CPU")
    guard rows[cpu] == nil else { throw failure("CPU \(cpu) is listed twice") }
    let online = field("online") ?? "Y"
    guard ["Y", "N", "yes", "no"].contains(online) else { throw failure("Online is '\(online)', not Y or N") }
    rows[cpu] = Row(
      line: line, core: try optional("core"), node: try optional("node"),
      isOnline: online == "Y" || online == "yes")
  }

  private mutating func takeQuota(_ words: [Substring]) throws(Refusal) {
    let limit = words[0].split(separator: ":").last ?? ""
    if limit == "max" { return }
    guard words.count == 2, let time = Int(limit), let period = Int(words[1]), time > 0, period > 0 else {
      throw failure("'cpu.max:MAX PERIOD' is expected, in µs")
    }
    quota = Double(time) / Double(period)
  }
}

extension TopologyLines {
  /// What the lines say together.
  func topology() throws(Refusal) -> Topology {
    guard let declared else {
      throw Refusal.unsupported(
        "\(name): no line 'available: N nodes (LIST)'", remedy: "the output of numactl --hardware")
    }
    let numbers = declared.nodes.members
    let distances = try distances(of: numbers)
    let listed = CPUSet(nodes.values.flatMap { $0.cpus?.members ?? [] })
    guard !listed.isEmpty else { throw failure("no node has a CPU", line: declared.line) }
    try checkRows(listed)
    let online = rows.isEmpty ? listed : CPUSet(listed.members.filter { rows[$0]?.isOnline == true })
    guard !online.isEmpty else { throw failure("no CPU is online", line: declared.line) }
    let usable = (allowed?.cpus ?? online).intersection(online)
    guard !usable.isEmpty else {
      throw failure("no online CPU is allowed (online \(online))", line: allowed?.line)
    }
    var found: [NUMANode] = []
    for number in numbers {
      guard let node = nodes[number], let cpus = node.cpus, let size = node.sizeBytes,
        let free = node.freeBytes
      else {
        throw failure(
          "node \(number) lacks one of its lines 'cpus:', 'size:' and 'free:'",
          line: nodes[number]?.line ?? declared.line)
      }
      found.append(
        NUMANode(
          number: number, cpus: cpus.intersection(online), memoryBytes: size, freeBytes: free,
          distances: distances[number] ?? []))
    }
    return Topology(
      online: online, allowed: usable, nodes: found, allowedNodes: allowedNodes ?? declared.nodes,
      siblings: siblings(online))
  }

  /// lscpu and numactl have to speak of the same CPUs.
  private func checkRows(_ listed: CPUSet) throws(Refusal) {
    guard !rows.isEmpty else { return }
    for (number, node) in nodes.sorted(by: { $0.key < $1.key }) {
      for cpu in node.cpus?.members ?? [] {
        guard let row = rows[cpu] else {
          throw failure("CPU \(cpu) of node \(number) has no line of lscpu's", line: node.line)
        }
        if let other = row.node, other != number {
          throw failure(
            "CPU \(cpu) is of node \(other) here, and of node \(number) in line \(node.line)", line: row.line)
        }
      }
    }
    let known = Set(listed.members)
    let homeless = rows.filter { $0.value.isOnline && !known.contains($0.key) }.min { $0.key < $1.key }
    if let homeless {
      throw failure("CPU \(homeless.key) is online and of no node", line: homeless.value.line)
    }
  }

  private func siblings(_ online: CPUSet) -> [Int: CPUSet] {
    var cores: [Int: [Int]] = [:]
    for cpu in online.members {
      if let core = rows[cpu]?.core { cores[core, default: []].append(cpu) }
    }
    return cores.values.reduce(into: [:]) { siblings, cpus in
      for cpu in cpus { siblings[cpu] = CPUSet(cpus) }
    }
  }

  /// Each node's distances in the order of `numbers`; 0 where numactl has none.
  private func distances(of numbers: [Int]) throws(Refusal) -> [Int: [Int]] {
    guard let columns = distanceColumns else {
      guard hasNoDistances || numbers.count == 1 else {
        throw Refusal.unsupported("\(name):\(line): the distances of \(numbers.count) nodes are missing")
      }
      return Dictionary(uniqueKeysWithValues: numbers.map { ($0, numbers.map { _ in 0 }) })
    }
    guard columns.nodes == numbers else {
      throw failure("distances to nodes \(columns.nodes), and there are \(numbers)", line: columns.line)
    }
    for (from, number) in numbers.enumerated() {
      guard let row = distances[number] else {
        throw failure("the distances of node \(number) are missing", line: columns.line)
      }
      for (to, other) in numbers.enumerated() {
        guard let back = distances[other], back.values[from] != row.values[to] else { continue }
        throw failure(
          "node \(number) is \(row.values[to]) from node \(other), and \(back.values[from]) the other way (line \(back.line))",
          line: row.line)
      }
    }
    return distances.mapValues(\.values)
  }
}
