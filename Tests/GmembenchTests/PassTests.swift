// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Passes as a user meets them: processes that come and go.
@Suite("passes", .serialized, .enabled(if: Program.path != nil, "the built gmembench"))
struct PassTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private var run: String { folder.path("run") }

  /// A run that takes some seconds, started and left to itself.
  private func start(_ more: [String] = []) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Program.path))
    process.arguments =
      [
        "--benchmark", "fault-in", "--operation", "touch", "--backing", "memfd,anonymous", "--others", "idle",
        "--precision", "0.0001%", "--budget", "10s", "--quiet", "--output", run,
      ] + more
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// The process that carries a pass of `parent` out.
  private func pass(of parent: Process) throws -> pid_t? { passes(of: parent).first }

  private func passes(of parent: Process) -> [pid_t] {
    let children = "/proc/\(parent.processIdentifier)/task/\(parent.processIdentifier)/children"
    guard let text = try? String(contentsOfFile: children, encoding: .utf8) else { return [] }
    return text.split(separator: " ").compactMap { pid_t($0) }.filter { pid in
      let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
      return words.split(separator: 0).dropFirst().prefix(2).map { Array($0) }
        == ["helper", "pass"].map { Array($0.utf8) }
    }
  }

  private func blocks() throws -> [[String: String]] {
    let lines = try String(contentsOfFile: "\(run)/blocks.csv", encoding: .utf8).split(separator: "\n")
    let names = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return lines.dropFirst().map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return Dictionary(zip(names, fields)) { first, _ in first }
    }
  }

  /// An address space that has run on several CPUs may keep a global ASID.
  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "a second CPU"))
  func threadsRunInAProcessOfTheirOwn() throws {
    let process = try start(["--threads", "1,2"])
    var most = 0
    var isRecorded = false
    for _ in 0..<1000 where process.isRunning && !(most == 2 && isRecorded) {
      Thread.sleep(forTimeInterval: 0.01)
      most = max(most, passes(of: process).count)
      let text = try? String(contentsOfFile: "\(run)/blocks.csv", encoding: .utf8)
      isRecorded = text?.contains("/threads=2/") ?? false
    }
    process.interrupt()
    process.waitUntilExit()
    #expect(most == 2 && isRecorded)
  }

  @Test func aPassThatIsKilledCostsThatPassAndNotTheRun() throws {
    let process = try start()
    var killed: pid_t?
    for _ in 0..<400 where killed == nil {
      Thread.sleep(forTimeInterval: 0.01)
      // One that is at work: the first pass has left blocks.
      guard FileManager.default.contents(atPath: "\(run)/blocks.csv")?.count ?? 0 > 2000 else { continue }
      killed = try pass(of: process)
    }
    kill(try #require(killed), SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let report = try String(contentsOfFile: "\(run)/run.json", encoding: .utf8)
    #expect(report.contains("ended early: its process ended by signal 9"))
    #expect(report.contains("\"status\" : \"complete\""))
    let passes = Set(try blocks().compactMap { $0["pass"] })
    #expect(passes.count >= 7, "\(passes)")
  }

  @Test func passesAreProcessesOfTheirOwnAndLeaveNothingBehind() throws {
    let process = try start(["--passes", "5"])
    var seen: Set<pid_t> = []
    while process.isRunning {
      if let pid = try pass(of: process) { seen.insert(pid) }
      Thread.sleep(forTimeInterval: 0.01)
    }
    #expect(process.terminationStatus == 0)
    #expect(seen.count == 5)
    #expect(seen.allSatisfy { !FileManager.default.fileExists(atPath: "/proc/\($0)") })
    let blocks = try blocks()
    #expect(Set(blocks.compactMap { $0["pass"] }) == ["1", "2", "3", "4", "5"])
    let starts = blocks.compactMap { $0["started_s"].flatMap(Double.init) }
    #expect(starts.count == blocks.count && starts == starts.sorted())
    #expect(
      blocks.allSatisfy { $0["instructions_ns"]?.isEmpty == false && $0["memory_ns"]?.isEmpty == false })
  }

  @Test(arguments: ["0", "1001", "x", "-1"]) func aNumberOfPassesThatIsNoneIsBadUsage(passes: String) throws {
    let outcome = try Program.run(["--passes", passes])
    #expect(outcome.status == 64 && outcome.output.isEmpty)
  }

  /// A block of its own kind went before each, in the key too.
  @Test func warmBlocksAreAStateOfTheirOwn() throws {
    let outcome = try Program.run([
      "--benchmark", "fault-in", "--operation", "touch", "--backing", "memfd", "--others", "idle", "--budget",
      "1s",
      "--passes", "2", "--state", "warm", "--csv", "-",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("/others=idle/state=warm,"))
    #expect(try Program.run(["--state", "tepid"]).status == 64)
  }
}
