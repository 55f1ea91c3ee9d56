// SPDX-License-Identifier: Apache-2.0
import Analysis
import CKernel
import FoundationEssentials
import Glibc
import GuestMemory
import Model
import Records
import SystemPackage

/// Suspects measured again, in one run for all that share its settings. Its folder is beside the database, where the lab
/// may write, and goes when it has been read: it is no night.
struct Confirmation {
  /// The database's path.
  let database: String
  /// A shell command that measures, nil for this program.
  let command: String?

  /// What one run can measure of the suspects: all that their keys have but benchmark, operation and backing.
  private struct Setting: Hashable {
    let axes: [String: String]
    let isCounted: Bool

    init(_ series: Series) {
      let words = series.key.split(separator: "/").compactMap { part -> (String, String)? in
        let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
        return sides.count == 2 ? (sides[0], sides[1]) : nil
      }
      axes = Dictionary(words) { first, _ in first }
      isCounted = series.unit == SampleUnit.instructions.rawValue
    }

    /// The options of a run that measures at this point of the axes, as precisely as the default budget allows. What no option names (batches, cycles, busy
    /// CPUs, methods) comes with the operation.
    func options(pageBytes: Int) -> [String] {
      var options = ["--precision", "1%"]
      func add(_ option: String, _ axis: String) {
        if let value = axes[axis] { options += [option, value] }
      }
      if let pages = axes["pages"].flatMap({ Int($0) }) { options += ["--size", "\(pages * pageBytes)"] }
      add("--order", "order")
      add("--threads", "threads")
      add("--cpu-node", "cpu_node")
      add("--memory-node", "memory_node")
      add("--others", "others")
      add("--state", "state")
      add("--direct-map", "direct_map")
      add("--sibling", "sibling")
      if axes["online"] != nil || axes["sibling"] == SiblingState.offline.rawValue {
        options.append("--hotplug")
      }
      if isCounted { options += ["--clock", "instructions"] }
      return options
    }
  }

  func measure(_ check: inout SeriesCheck) throws {
    let suspects = check.changes.indices.filter { check.changes[$0].isOpen }
    let settings = Dictionary(grouping: suspects) { Setting(check.changes[$0].series) }
    for (number, (setting, own)) in settings.sorted(by: { $0.value[0] < $1.value[0] }).enumerated() {
      var folder = FilePath(database).removingLastComponent()
      folder.append("again-\(getpid())-\(number + 1)")
      // Left by a check that was killed and had this number.
      try? FileManager.default.removeItem(atPath: folder.string)
      let outcome = measure(own.map { check.changes[$0] }, setting, folder)
      try? FileManager.default.removeItem(atPath: folder.string)
      for index in own {
        switch outcome {
        case .failure(let failure): check.changes[index].again = .missing("\(failure)")
        case .success(let run): Self.judge(&check.changes[index], by: run)
        }
      }
    }
  }

  private func measure(
    _ suspects: [SeriesChange], _ setting: Setting, _ folder: FilePath
  ) -> Result<RecordedRun, Refusal> {
    let keys = (suspects.map(\.series.key) + suspects.map(\.after.baseline)).map(CaseKey.init)
    func names(_ axis: Axis) -> String { Set(keys.compactMap { $0[axis] }).sorted().joined(separator: ",") }
    let arguments =
      [
        "run", "--benchmark", names(.benchmark), "--operation", names(.operation), "--backing",
        names(.backing),
      ] + setting.options(pageBytes: Int(getpagesize())) + ["--output", folder.string]
    do {
      try run(arguments)
      let run = try RecordedRun(Recording(folder.string, depth: .blocks))
      guard run.machineKey == suspects[0].series.machineKey else {
        return .failure(.failed("this is another machine"))
      }
      return .success(run)
    } catch {
      return .failure(.failed("\(error)"))
    }
  }

  /// What it prints is no result here.
  private func run(_ arguments: [String]) throws {
    // This program, whatever became of its file; in the shell /proc/self is the shell.
    let command = command ?? "/proc/\(getpid())/exe"
    let words = ["sh", "-c", "\(command) \"$@\" >&2", "gmembench"] + arguments
    var argv = words.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    let pid = ckernel_process_spawn("/bin/sh", &argv, nil, 0)
    guard pid > 0 else { throw Refusal.failed("/bin/sh: \(Errno(rawValue: -pid))") }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else { throw Refusal.failed("waitpid: \(Errno(rawValue: errno))") }
    }
    guard status == 0 else { throw Refusal.failed("the second measurement ended with status \(status >> 8)") }
  }

  /// An effect is judged at the state of the machine at which the nights were compared.
  private static func judge(_ change: inout SeriesChange, by run: RecordedRun) {
    let row = run.rows.first { $0.key == change.series.key && $0.fields["unit"] == change.series.unit }
    let isSame = change.kind == .absolute || row?.fields["baseline"] == change.after.baseline
    let state = run.context?.state?.probes.logarithms ?? []
    let adjusted = change.kind == .effect ? try? row?.adjustedEffect(at: state)?.ratio(at: change.state) : nil
    let measured = row.flatMap { Double($0.fields[change.kind == .effect ? "ratio" : "p50"]) }
    guard isSame, let figure = adjusted?.value ?? measured, figure > 0 else {
      change.again = .missing("the second measurement has no figure of it")
      return
    }
    change.measuredAgain(figure)
  }
}
