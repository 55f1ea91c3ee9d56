// SPDX-License-Identifier: Apache-2.0
import Foundation
import Model
import Testing

@testable import Machine

@Suite("topologies from a file") struct TopologyFileTests {
  private func recorded(_ name: String) throws -> TopologyFile {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try TopologyFile(path: tests.appendingPathComponent("Topologies/\(name).txt").path)
  }

  @Test func eightNodesAnd512CPUs() throws {
    let topology = try recorded("8-nodes-512-cpus").topology
    #expect(topology.online.description == "0-511" && topology.allowed == topology.online)
    #expect(topology.nodes.map(\.number) == Array(0...7))
    #expect(topology.nodes.allSatisfy { $0.cpus.count == 64 && $0.memoryBytes == 257_000 << 20 })
    #expect(topology.node(1)?.cpus.description == "32-63,288-319")
    #expect(topology.siblings(of: 33).members == [289])
    #expect(topology.distance(from: 0, to: 3) == 12 && topology.distance(from: 3, to: 4) == 32)
    #expect(topology.distance(from: 0, to: 8) == nil)
  }

  @Test func aNodeMayLackMemoryOrCPUs() throws {
    let memoryless = try recorded("node-without-memory").topology
    #expect(memoryless.node(2)?.memoryBytes == 0 && memoryless.node(ofCPU: 9) == 2)
    let expander = try recorded("node-without-cpus").topology
    #expect(expander.node(3)?.cpus.isEmpty == true && expander.node(3)?.memoryBytes == 64_000 << 20)
  }

  @Test func offlineCPUsAreNoOnesSiblings() throws {
    let topology = try recorded("offline-cpus").topology
    #expect(topology.online.description == "0-2,4-5,7")
    #expect(topology.siblings(of: 0).members == [4] && topology.siblings(of: 7).isEmpty)
  }

  @Test func aContainersShareIsRead() throws {
    let file = try recorded("container")
    #expect(file.topology.allowed.description == "4-11" && file.topology.allowedNodes.members == [0])
    #expect(file.quota == 3)
    #expect(try recorded("offline-cpus").quota == nil)
  }

  /// numactl as it prints, white space at the ends of lines included.
  private static let nodes = """
    available: 2 nodes (0,4)
    node 0 cpus: 0 1
    node 0 size: 100 MB
    node 0 free: 50 MB
    node 4 cpus: 2 3
    node 4 size: 100 MB
    node 4 free: 50 MB
    """
  private static let distances = "\nnode distances:\nnode   0   4 \n  0:  10  21 \n  4:  21  10 \n"
  private static let whole = nodes + distances
  private static let rows = "# CPU,Core,Node,Online\n0,0,0,Y\n1,0,0,Y\n2,1,4,Y\n3,-,-,N\n"

  @Test func theOrderOfThePartsIsFree() throws {
    let parts = [Self.whole, Self.rows, "Cpus_allowed_list:\t0-2\n", "Mems_allowed_list:\t0,4\n"]
    let forward = try TopologyFile(text: parts.joined(), name: "f").topology
    #expect(try TopologyFile(text: parts.reversed().joined(), name: "f").topology == forward)
    #expect(forward.online.description == "0-2" && forward.siblings(of: 0).members == [1])
    #expect(forward.nodes.map(\.number) == [0, 4])
  }

  @Test func withoutDistancesNoneIsStated() throws {
    let text = Self.nodes + "\nNo distance information available.\n"
    #expect(try TopologyFile(text: text, name: "f").topology.distance(from: 0, to: 4) == nil)
  }

  private static func changed(_ old: String, _ new: String) -> String {
    whole.replacingOccurrences(of: old, with: new)
  }

  private static let bad: [(String, String)] = [
    ("", "f: no line 'available:"),
    (rows, "f: no line 'available:"),
    (nodes, "f:7: the distances of 2 nodes are missing"),
    (String(whole.prefix(120)), "f:7: "),
    (changed("  4:  21  10 \n", ""), "f:9: the distances of node 4 are missing"),
    (changed("  4:  21  10", "  4:  21"), "f:11: node 4 has 1 distances"),
    (
      changed("  4:  21  10", "  4:  22  10"),
      "f:10: node 0 is 21 from node 4, and 22 the other way (line 11)"
    ),
    (changed("  4:  21  10", "  5:  21  10"), "f:11: unknown node 5"),
    (changed("node   0   4", "node   0   3"), "f:9: unknown node 3"),
    (changed("node   0   4", "node   0"), "f:10: node 0 has 2 distances"),
    (changed("node 4 cpus", "node 3 cpus"), "f:5: unknown node 3"),
    (changed("cpus: 2 3", "cpus: 1 3"), "f:5: CPU 1 is listed twice, of node 0 before"),
    (changed("cpus: 0 1", "cpus: 0 0"), "f:2: CPU 0 is listed twice"),
    (changed("cpus: 2 3", "cpus: 2 x"), "f:5: CPU 'x' is not a number"),
    (changed("cpus: 2 3", "cpus: 2 99999999999999999999"), "f:5: CPU '99999999999999999999'"),
    (changed("cpus: 2 3", "cpus: 2 -3"), "f:5: CPU '-3'"),
    (
      changed("cpus: 0 1", "cpus:").replacingOccurrences(of: "cpus: 2 3", with: "cpus:"),
      "f:1: no node has a CPU"
    ),
    (changed("node 4 size: 100 MB\n", ""), "f:5: node 4 lacks one of its lines"),
    (changed("size: 100 MB", "size: 99999999999999999999 MB"), "f:3: a size"),
    (changed("size: 100 MB", "size: 9000000000000000 MB"), "f:3: a size"),
    (changed("size: 100 MB", "size: -1 MB"), "f:3: a size"),
    (changed("available: 2 nodes", "available: 3 nodes"), "f:1: 'available:"),
    (changed("(0,4)", "(0-4000000000)"), "f:1: 'available:"),
    (whole + whole, "f:12: a second machine"),
    (whole + "hello\n", "f:12: 'hello' is not from numactl"),
    (whole + "0,0,0,Y\n", "f:12: lscpu's '# CPU,…' is missing"),
    (whole + rows + "3,1,4,Y\n", "f:17: CPU 3 is listed twice"),
    (whole + rows + "9,1,4,Y\n", "f:17: CPU 9 is online and of no node"),
    (
      whole + rows.replacingOccurrences(of: "2,1,4,Y\n", with: ""),
      "f:5: CPU 2 of node 4 has no line of lscpu's"
    ),
    (whole + rows.replacingOccurrences(of: "2,1,4,Y", with: "2,1,0,Y"), "f:15: CPU 2 is of node 0 here"),
    (whole + rows.replacingOccurrences(of: "2,1,4,Y", with: "2,1"), "f:15: 2 fields"),
    (whole + rows.replacingOccurrences(of: "2,1,4,Y", with: "2,1,4,?"), "f:15: Online is '?'"),
    (whole + rows.replacingOccurrences(of: ",Y", with: ",N"), "f:1: no CPU is online"),
    (whole + "Cpus_allowed_list:\t7\n", "f:12: no online CPU is allowed"),
    (whole + "Cpus_allowed_list:\tff\n", "f:12: Cpus_allowed_list is not a list"),
    (whole + "/sys/fs/cgroup/cpu.max:0 100000\n", "f:12: 'cpu.max:MAX PERIOD'"),
  ]

  @Test(arguments: bad) func whatIsWrongIsSaidWithItsLine(text: String, expected: String) {
    let failure = #expect(throws: Refusal.self) { try TopologyFile(text: text, name: "f") }
    #expect(failure?.reason.hasPrefix(expected) == true, "\(failure?.reason ?? "")")
  }

  @Test func whatIsNoFileIsRefused() {
    #expect(throws: Refusal.self) { try TopologyFile(path: "/proc/self") }
    #expect(throws: Refusal.self) { try TopologyFile(path: "/nowhere/topology") }
    let endless = #expect(throws: Refusal.self) { try TopologyFile(path: "/dev/zero") }
    #expect(endless?.reason == "/dev/zero: more than 8 MiB are no topology")
  }
}
