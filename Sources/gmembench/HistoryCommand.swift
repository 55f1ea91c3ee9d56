// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import History
import Model
import Records
import Reports
import SystemPackage

struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Runs of many nights and machines in one SQLite database.",
    discussion: """
      The run folders stay the truth: rebuild makes the database again from them. A series is one case on one machine \
      key in one unit; another kernel or microcode is context, another CPU or number of nodes a new series. The \
      tables are documented in Sources/History/README.md. Exit status: 0 done; 1 the database or a run was refused \
      (the others are in), and nothing that was there is lost; 3 there is no series.
      """,
    subcommands: [
      Add.self, Import.self, Rebuild.self, List.self, Show.self, Check.self,
      Acknowledge.self, Export.self,
    ])
}

/// Which database.
struct DatabaseOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The database (default: history.sqlite beside the run folders; where none is named, in this directory).",
      valueName: "file"))
  var database: String?

  /// The one asked for, or the one in this directory.
  var path: String { database ?? Self.name }

  /// The one asked for, or the one in the directory that these are.
  func path(in directories: [FilePath]) throws -> String {
    if let database { return database }
    guard let first = directories.first, directories.allSatisfy({ $0 == first }) else {
      throw ValidationError("the runs lie in several directories: name the --database")
    }
    return first.appending(Self.name).string
  }

  private static let name = "history.sqlite"
}

/// Which series.
struct SeriesOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Benchmarks, comma-separated.", valueName: "list"))
  var benchmark: CommaSeparated<String>?

  @Option(help: ArgumentHelp("Backings, comma-separated.", valueName: "list"))
  var backing: CommaSeparated<String>?

  @Argument(help: "Parts of the case's key, the machine key or the unit: all of them must be there.")
  var parts: [String] = []

  /// All series are meant.
  var isEmpty: Bool { parts.isEmpty && benchmark == nil && backing == nil }

  var filter: SeriesDatabase.Filter {
    SeriesDatabase.Filter(benchmarks: benchmark?.values ?? [], backings: backing?.values ?? [], parts: parts)
  }
}

extension HistoryCommand {
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Adds runs: folders, or summary.csv alone, which has no blocks.",
      discussion: """
        Each run is added whole or not at all, and once: a run that is there with the same content is left, one with \
        other content refused. A run that was over a day before the newest one of its machine key began is refused \
        too: its clock went backwards, or it is an old run, which import takes.
        """)

    @Argument(help: "Run folders, or summaries.")
    var runs: [String]

    @OptionGroup var database: DatabaseOption

    func run() throws {
      let path = try database.path(in: runs.map { FilePath($0).removingLastComponent() })
      try Intake(RunSearch(runs: runs), isLatest: true).add(to: SeriesDatabase(path, for: .adding))
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Adds every run below directories, from whatever machine and time.",
      discussion: "Takes each folder with a summary.csv, and each summary elsewhere that is called *.csv.")

    @Argument(help: "Directories, run folders or summaries.")
    var places: [String]

    @OptionGroup var database: DatabaseOption

    func run() throws {
      let path = try database.path(in: places.map { FilePath($0) })
      try Intake(RunSearch(below: places), isLatest: false).add(to: SeriesDatabase(path, for: .adding))
    }
  }

  struct Rebuild: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes the database again from every run below directories.",
      discussion: """
        The new database takes the place of the old one at once, when it is whole; a damaged one is kept beside it. An \
        old one that holds runs which the directories do not is left as it is.
        """)

    @Argument(help: "Directories, as import takes them.")
    var places: [String]

    @OptionGroup var database: DatabaseOption

    func run() throws {
      let path = try database.path(in: places.map { FilePath($0) })
      let intake = try Intake(RunSearch(below: places), isLatest: false)
      var refused = false
      let aside = try SeriesDatabase.rebuild(path) { database in
        do { try intake.add(to: database) } catch is ExitCode { refused = true }
      }
      if let aside { try gmembench.write("the damaged database is kept as \(aside)\n", to: .standardError) }
      if refused { throw ExitCode.failure }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The series, with their last figures.")

    @OptionGroup var series: SeriesOptions
    @OptionGroup var database: DatabaseOption

    func run() throws {
      let outlines = try SeriesDatabase(database.path, for: .reading).outlines(series.filter)
      try write(SeriesReport.list(outlines, color: usesColor(.standardOutput)))
      if outlines.isEmpty { throw ExitCode.nothingMeasured }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One series: its points and a plot of them, changes of the kernel marked.")

    @Argument(
      help: "The case's key, or parts of it, of the machine key or of the unit that only one series has.")
    var series: [String]

    @OptionGroup var database: DatabaseOption

    func run() throws {
      let database = try SeriesDatabase(database.path, for: .reading)
      let chosen = try database.series(matching: series)
      try write(
        SeriesReport.show(
          chosen, database.points(of: chosen), width: TerminalWidth.of(STDOUT_FILENO),
          color: usesColor(.standardOutput)))
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The series as CSV, a line a point.",
      discussion: "Columns: \(SeriesCSV.columns.joined(separator: ", ")). Empty means absent or infinite.")

    @OptionGroup var series: SeriesOptions
    @OptionGroup var database: DatabaseOption

    @Option(help: ArgumentHelp("Where to (- for standard output).", valueName: "file"))
    var csv = "-"

    func run() throws {
      let database = try SeriesDatabase(database.path, for: .reading)
      let histories = try database.outlines(series.filter).map { outline in
        (series: outline.series, points: try database.points(of: outline.series))
      }
      try SeriesCSV.write(histories, to: Destination(csv))
      if histories.isEmpty { throw ExitCode.nothingMeasured }
    }
  }
}

/// Runs on their way into a database: one that is refused is told of and does not keep the others out.
private struct Intake {
  let search: RunSearch
  let isLatest: Bool

  init(_ search: RunSearch, isLatest: Bool) {
    self.search = search
    self.isLatest = isLatest
  }

  /// - Throws: `ExitCode.failure` after the last one, where one was refused.
  func add(to database: SeriesDatabase) throws {
    try tell(search.findings)
    var (added, known, refused) = (0, 0, 0)
    var reader = RunReader(search.runs)
    while let read = reader.next() {
      do {
        let (run, findings) = try read.get()
        try tell(findings)
        let outcome = try database.add(run, isLatest: isLatest)
        if outcome.isNew { added += 1 } else { known += 1 }
        try write("\(outcome)\n")
      } catch let refusal as Refusal {
        throw refusal
      } catch {
        refused += 1
        try write("Error: \(error)\n", to: .standardError)
      }
    }
    if search.runs.count != 1 {
      try write("\(search.runs.count) runs: \(added) added, \(known) there already, \(refused) refused\n")
    }
    if refused > 0 { throw ExitCode.failure }
  }

  private func tell(_ findings: [Finding]) throws {
    guard !findings.isEmpty else { return }
    try write(Warnings.render(findings, color: usesColor(.standardError)), to: .standardError)
  }
}
