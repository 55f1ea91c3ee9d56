// SPDX-License-Identifier: Apache-2.0
import Foundation
import GuestMemory
import Testing

/// The built program, run as a user would.
struct Program {
  static let path: String? = {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let path = executable.deletingLastPathComponent().appendingPathComponent("gmembench").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// - Parameters:
  ///   - wrapper: a command that runs it, such as setpriv.
  ///   - mark: a variable of its environment, which what it starts inherits.
  ///   - signalAfter: send SIGINT after so many seconds.
  ///   - meanwhile: what is done while it runs.
  static func run(
    _ arguments: [String], wrapper: [String] = [], mark: String? = nil, signalAfter: Double? = nil,
    meanwhile: () throws -> Void = {}
  ) throws -> Outcome {
    let path = try #require(path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: wrapper.isEmpty ? path : "/usr/bin/env")
    process.arguments = (wrapper.isEmpty ? [] : wrapper + [path]) + arguments
    if let mark {
      process.environment = ProcessInfo.processInfo.environment.merging(["GMEMBENCH_TEST": mark]) { $1 }
    }
    let folder = try Folder()
    let output = folder.url.appendingPathComponent("stdout")
    let errors = folder.url.appendingPathComponent("stderr")
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    try meanwhile()
    if let signalAfter {
      Thread.sleep(forTimeInterval: signalAfter)
      process.interrupt()
    }
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}

/// A folder that goes with its owner.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

private let short = [
  "--benchmark", "fault-in", "--operation", "touch", "--backing", "memfd,anonymous", "--budget", "1s",
  "--others", "idle",
]

private let ordinaryUser = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

@Suite("the command line", .serialized, .enabled(if: Program.path != nil, "the built gmembench"))
struct CommandLineTests {
  @Test(arguments: [
    ["--benchmark", "nonsense"], ["--backing", "nonsense"], ["--operation", "nonsense"],
    ["--plan", "nonsense"],
    ["--backing", "memfd,,anonymous"], ["--size", "4097"], ["--size", "0"], ["--size", "-4096"],
    ["--size", "nan"],
    ["--cpu-node", "999"], ["--memory-node", "999"], ["--cpu", "99999"], ["--precision", "0"],
    ["--budget", "0s"],
    ["--others", "asleep"], ["--abi", "v8"], ["--clock", "sundial"], ["--csv", "-", "--json", "-"],
    ["nonsense"], ["verify", "--pages", "0"], ["verify", "--uses", "--scan"],
    ["verify", "--backing", "nonsense"],
    ["--operation", "close", "--backing", "anonymous"], ["selfcheck", "--comparisons", "3"],
    ["selfcheck", "--operation", "user-shootdown"], ["selfcheck", "--operation", "close", "--inject", "5%"],
    ["--direct-map", "hot"], ["--threads", "0"], ["--threads", "1,many"], ["--threads", ""],
    ["selfcheck", "--threads", "2", "--inject", "5%"], ["schema", "--file", "run.json"],
  ])
  func badUsageIs64AndMeasuresNothing(arguments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 64, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(!outcome.errors.isEmpty)
  }

  @Test(arguments: [
    ("1,2,all", "1,2,511"), ("1,...,all", "1,2,4,8,16,32,64,128,256,511"), ("3,…,20", "3,6,12,20"),
    ("...", "1,2,4,8,16,32,64,128,256"),
  ])
  func aListOfThreadsMayDouble(list: String, numbers: String) throws {
    let topology = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Topologies/8-nodes-512-cpus.txt").standardized.path
    let outcome = try Program.run([
      "--dry-run", "--topology", topology, "--benchmark", "fault-in", "--operation", "touch", "--threads",
      list,
    ])
    #expect(outcome.status == 0 && outcome.output.contains(" threads=\(numbers) "), "\(outcome.output)")
  }

  @Test(arguments: [
    ("8-nodes-512-cpus", ["--sibling", "spin"], Int32(0), "511 other CPUs to hold", " sibling=spin"),
    (
      "8-nodes-512-cpus", [], 0, "510 other CPUs to hold",
      "the SMT sibling of the measuring CPU 511, is left idle"
    ),
    (
      "offline-cpus", ["--cpu", "7", "--sibling", "offline"], 64, "",
      "--sibling offline: CPU 7 has no SMT sibling that is online"
    ),
  ])
  func aPlanSaysWhatTheSiblingDoes(
    name: String, options: [String], status: Int32, held: String, words: String
  ) throws {
    let topology = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Topologies/\(name).txt").standardized.path
    let outcome = try Program.run(
      ["--dry-run", "--topology", topology, "--operation", "touch"] + options)
    let text = outcome.output + outcome.errors
    #expect(outcome.status == status && text.contains(words), "\(text)")
    if status == 0 { #expect(text.contains(held)) }
  }

  @Test func moreMemoryThanThereIs() throws {
    let outcome = try Program.run(["--size", "100000GiB", "--backing", "anonymous"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("--size"))
  }

  @Test func aMissingParentFolderIsRefusedBeforeMeasuring() throws {
    let folder = try Folder()
    let outcome = try Program.run(short + ["--output", folder.path("missing/run")])
    #expect(outcome.status == 1)
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func theSchemaIsPrintedForAProgram() throws {
    let outcome = try Program.run(["schema", "--file", "samples", "--format", "csv"])
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output.hasPrefix("file,column,type,unit,since,empty,meaning\nsamples.csv,run_id,text,"))
    #expect(outcome.output.split(separator: "\n").count == 6)
  }

  @Test func aRunWritesItsFolderAndCSV() throws {
    let folder = try Folder()
    let outcome = try Program.run(
      short + [
        "--output", folder.path("run"), "--csv", folder.path("x.csv"), "--samples", folder.path("s.csv"),
      ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("run")).sorted()
    #expect(names == ["blocks.csv", "distributions.csv", "run.json", "summary.csv"])
    let summary = try String(contentsOfFile: folder.path("x.csv"), encoding: .utf8)
    #expect(summary == (try String(contentsOfFile: folder.path("run/summary.csv"), encoding: .utf8)))
    #expect(summary.split(separator: "\n").count == 3)
    let samples = try String(contentsOfFile: folder.path("s.csv"), encoding: .utf8)
    #expect(samples.hasPrefix("run_id,case,block,sample,value\n"))
    let again = try Program.run(short + ["--output", folder.path("run")])
    #expect(again.status == 1)
    #expect(again.errors.contains("run"))
  }

  @Test func csvToStandardOutputSendsTextToStandardError() throws {
    let outcome = try Program.run(short + ["--csv", "-"])
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("schema,run_id,case,"))
    #expect(outcome.output.split(separator: "\n").count == 3)
    #expect(outcome.errors.contains("fault-in touch"))
  }

  @Test func nothingToMeasureIs3() throws {
    let outcome = try Program.run([
      "--benchmark", "fault-in", "--operation", "populate", "--backing", "memfd_secret", "--budget", "1s",
    ])
    #expect(outcome.status == 3)
    #expect(outcome.output.contains("MADV_POPULATE_WRITE is EINVAL") && outcome.output.contains("no figure"))
  }

  @Test func strictMakesImprecisionAFailure() throws {
    let outcome = try Program.run(short + ["--strict", "--precision", "0.000001"])
    #expect(outcome.status == 4)
  }

  @Test func anInterruptionKeepsAPartialResult() throws {
    let folder = try Folder()
    let outcome = try Program.run(
      ["--backing", "memfd,anonymous", "--precision", "0.0001%", "--output", folder.path("run")],
      signalAfter: 2)
    #expect(outcome.status == 130)
    let run = try String(contentsOfFile: folder.path("run/run.json"), encoding: .utf8)
    #expect(run.contains("\"partial\""))
    let summary = try String(contentsOfFile: folder.path("run/summary.csv"), encoding: .utf8)
    #expect(summary.contains(",partial,"))
    #expect(outcome.output.contains("partial"))
  }

  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "a CPU to keep busy"))
  func aKilledBystanderCostsItsPass() throws {
    let mark = UUID().uuidString
    let arguments = [
      "--benchmark", "fault-in", "--others", "spin", "--budget", "10s", "--passes", "2", "--precision",
      "0.0001%",
    ]
    let outcome = try Program.run(arguments, mark: mark) {
      // The run itself has bystanders too, which measure nothing.
      var found: [pid_t] = []
      for _ in 0..<300 where found.isEmpty {
        Thread.sleep(forTimeInterval: 0.1)
        found = try bystandersOfPasses(mark)
      }
      Thread.sleep(forTimeInterval: 0.5)
      #expect(found.contains { kill($0, SIGKILL) == 0 })
    }
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("warning: pass 1 ended early: "), "\(outcome.output)")
  }

  private func bystandersOfPasses(_ mark: String) throws -> [pid_t] {
    func text(_ pid: String, _ name: String) -> String {
      String(decoding: FileManager.default.contents(atPath: "/proc/\(pid)/\(name)") ?? Data(), as: UTF8.self)
    }
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid in
      guard pid_t(pid) != nil, text(pid, "cmdline").contains("\0bystander\0"),
        text(pid, "environ").contains(mark)
      else { return false }
      let parent = text(pid, "stat").split(separator: " ").dropFirst(3).first.map(String.init) ?? ""
      return text(parent, "cmdline").contains("\0pass\0")
    }.compactMap { pid_t($0) }
  }

  @Test(arguments: [nil, 1.5]) func noBystanderOutlivesItsRun(signalAfter: Double?) throws {
    let mark = UUID().uuidString
    _ = try Program.run(
      short + ["--budget", "3s", "--precision", "0.0001%"], mark: mark, signalAfter: signalAfter)
    let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
      .compactMap { FileManager.default.contents(atPath: "/proc/\($0)/environ") }
      .filter { String(decoding: $0, as: UTF8.self).contains(mark) }
    #expect(left.isEmpty)
  }

  @Test(arguments: [["list"], ["--dry-run"], ["doctor"], short]) func aFullDiskBehindTheTextIsAFailure(
    arguments: [String]
  ) throws {
    let outcome = try Program.run(arguments, wrapper: ["sh", "-c", "exec \"$0\" \"$@\" > /dev/full"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("standard output: "), "\(outcome.errors)")
  }

  @Test(arguments: [(["list"], "anonymous"), (["--dry-run"], "backings"), (["doctor"], "anonymous")])
  func whatIsThereIsSaid(arguments: [String], word: String) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("guest_memfd_no_direct_map"))
    #expect(outcome.output.contains(word))
  }

  @Test(.enabled(if: getuid() == 0, "root, to become another user")) func anOrdinaryUserCanRun() throws {
    let outcome = try Program.run(short, wrapper: ordinaryUser)
    // The build may lie where that user cannot go; then there is nothing to try.
    try #require(outcome.status != 126 && outcome.status != 127, "\(outcome.errors)")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("fault-in touch"))
  }

  @Test(
    .enabled(if: getuid() == 0 && SecretMemory.openAndClose() == 0, "root and memfd_secret"),
    arguments: [(0, 512), (65536, 16)])
  func anotherUsersMemlockBoundsSecretMemory(limit: Int, pages: Int) throws {
    let outcome = try Program.run(
      // Beside other suites a second is short of the first rounds, and blocks get smaller.
      short + ["--backing", "memfd,memfd_secret", "--csv", "-", "--budget", "10s"],
      wrapper: ["prlimit", "--memlock=\(limit):\(limit)"] + ordinaryUser)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let rows = outcome.output.split(separator: "\n").dropFirst()
    #expect(rows.allSatisfy { $0.contains("/pages=\(pages)/") })
    let secret = try #require(rows.first { $0.contains("touch/memfd_secret/") })
    // Where not a page fits it goes alone; otherwise every arm shrinks alike, and that is said once.
    #expect(secret.contains(",unsupported,") == (limit == 0))
    #expect(
      outcome.errors.split(separator: "\n").count { $0.contains("RLIMIT_MEMLOCK allows") }
        == (limit == 0 ? 0 : 1))
  }

  @Test func aCaseComparedWithItselfIsNoDifference() throws {
    let outcome = try Program.run([
      "selfcheck", "--backing", "memfd,anonymous", "--comparisons", "20", "--budget", "20s", "--size",
      "256KiB",
    ])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("fault-in touch, memfd"))
    #expect(outcome.output.contains("against itself: passed"))
    #expect(outcome.output.contains("intervals claim a difference that is not there"))
  }

  @Test func aDelayAddedToOneArmIsFound() throws {
    let outcome = try Program.run([
      "selfcheck", "--backing", "memfd,anonymous", "--comparisons", "20", "--budget", "20s", "--size",
      "256KiB",
      "--others", "idle", "--inject", "90%",
    ])
    #expect(
      outcome.output.contains("were added to each page of one arm: 20 comparisons"), "\(outcome.output)")
    #expect(outcome.status == 0)
  }

  @Test func verifyWithoutAnythingToLookThroughIs3() throws {
    // Not root: neither frames nor kernel memory can be seen, whatever the kernel offers.
    let outcome = try Program.run(
      ["verify", "--backing", "memfd"], wrapper: getuid() == 0 ? ordinaryUser : [])
    #expect(outcome.status == 3, "\(outcome.errors)")
    #expect(outcome.errors.contains("nothing can be verified here"))
    #expect(outcome.output.isEmpty)
  }

  @Test func verifyUsesTellsWithoutRoot() throws {
    let outcome = try Program.run(
      ["verify", "--uses", "--backing", "anonymous"], wrapper: getuid() == 0 ? ordinaryUser : [])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("MADV_POPULATE_WRITE"))
    #expect(outcome.output.contains("works"))
    #expect(outcome.errors.isEmpty)
  }
}
