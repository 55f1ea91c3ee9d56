// SPDX-License-Identifier: Apache-2.0
import Analysis
import ArgumentParser
import CKernel
import FoundationEssentials
import Glibc
import Harness
import Model
import Records
import Reports
import SystemPackage

/// `selfcheck --between`: whole runs of one plan by this program, one after the other, each compared with the next as
/// `compare` does it.
struct SelfcheckBetween {
  /// The options that choose the plan, as they were given.
  let selection: [String]
  let planName: String
  let runs: Int
  let seed: UInt64
  /// Where the run folders are kept; nil for a temporary place.
  let output: String?

  private static let threshold = 0.05

  func run() throws {
    let started = ckernel_clock_monotonic()
    let folder = output ?? "\(FileManager.default.temporaryDirectory.path)/gmembench-between-\(getpid())"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    } catch {
      throw Refusal.failed("\(folder): it is there already, or cannot be made; name a new folder")
    }
    defer { if output == nil { try? FileManager.default.removeItem(atPath: folder) } }
    var compared: [ComparedRun] = []
    for number in 1...runs {
      if isatty(STDERR_FILENO) != 0 { try write("run \(number) of \(runs)\n", to: .standardError) }
      let path = "\(folder)/run-\(number)"
      try measure(seed: seed + UInt64(number - 1), path)
      compared.append(try Recording(path, depth: .blocks).comparedRun())
    }
    let comparisons = try zip(compared, compared.dropFirst()).map {
      try Comparison([$0], [$1], threshold: Self.threshold)
    }
    guard let result = BetweenRunsResult(comparisons) else {
      try write(
        "no case could be judged: see gmembench list, or give it a longer --budget\n", to: .standardError)
      throw ExitCode.nothingMeasured
    }
    let seconds = Double(ckernel_clock_monotonic() - started) / 1e9
    try write(
      SelfcheckBetweenReport.render(
        result, runs: runs, plan: planName, seed: seed, seconds: seconds, color: usesColor(.standardOutput)))
    if !result.passes { throw ExitCode.failure }
  }

  private func measure(seed: UInt64, _ folder: String) throws {
    // This program, whatever became of its file.
    let words =
      [CommandLine.executable, "run"] + selection + ["--seed", "\(seed)", "--quiet", "--output", folder]
    var argv = words.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    let pid = ckernel_process_spawn(CommandLine.executable, &argv, nil, 0)
    guard pid > 0 else { throw Refusal.failed("starting a run: \(Errno(rawValue: -pid))") }
    let status = try Self.ending(of: pid)
    if Runner.isInterrupted { throw ExitCode.interrupted }
    switch (status & 0x7f, status >> 8 & 0xff) {
    case (0, 0): break
    case (0, let code) where code == ExitCode.nothingMeasured.rawValue: throw ExitCode.nothingMeasured
    case (0, let code) where code == ExitCode.interrupted.rawValue: throw ExitCode.interrupted
    case (0, let code): throw Refusal.failed("a run ended with status \(code)")
    case (let signal, _): throw Refusal.failed("a run ended by signal \(signal)")
    }
  }

  /// Waits for a run; one that a signal did not reach with this process is told, and puts back what it changed.
  private static func ending(of pid: pid_t) throws -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { throw Refusal.failed("waitpid: \(Errno(rawValue: errno))") }
      guard Runner.isInterrupted else { continue }
      // Ctrl-C reaches the run itself, and a second signal would kill it: it has two seconds to end.
      for _ in 0..<40 {
        if waitpid(pid, &status, WNOHANG) == pid { return status }
        usleep(50_000)
      }
      kill(pid, SIGINT)
    }
    return status
  }
}
