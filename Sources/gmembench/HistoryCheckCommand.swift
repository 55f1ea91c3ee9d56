// SPDX-License-Identifier: Apache-2.0
import Analysis
import ArgumentParser
import FoundationEssentials
import GuestMemory
import History
import Model
import Records
import Reports
import Statistics
import Suite

/// How changes are found.
struct ChangeOptions: ParsableArguments {
  @Option(help: "Nights looked at together, and the most compared on either side of a change.")
  var window = ChangePointRule().window

  @Option(help: "The least change that counts.")
  var minimumMagnitude = Fraction(ChangePointRule().minimumMagnitude)

  @Option(help: "The fewest nights on either side; of counted instructions one night is enough.")
  var minimumPoints = ChangePointRule().minimumPoints

  @Option(help: "The p-value that a change must not exceed.")
  var significance = Fraction(ChangePointRule().significance)

  func validate() throws {
    guard minimumPoints >= 2, window >= 2 * minimumPoints else {
      throw ValidationError("--minimum-points is 2 or more, and --window twice that or more")
    }
  }

  var rule: SeriesCheck.Rule {
    SeriesCheck.Rule(
      changePoints: ChangePointRule(
        window: window, significance: significance.value, minimumMagnitude: minimumMagnitude.value,
        minimumPoints: minimumPoints),
      countedMagnitude: minimumMagnitude.value)
  }
}

/// The series and what was found in them.
private struct Checked {
  var check: SeriesCheck
  let context: [ContextChange]

  init(_ database: SeriesDatabase, _ filter: SeriesDatabase.Filter, _ rule: SeriesCheck.Rule) throws {
    let histories = try database.histories(filter)
    let context = RemovalStep.changes(in: histories)
    check = SeriesCheck(histories, rule: rule) { RemovalStep.explains($0, by: context) }
    self.context = context
    let known = try database.acknowledgements()
    for index in check.changes.indices {
      check.changes[index].isAcknowledged = known.contains { $0.covers(check.changes[index]) }
    }
  }
}

extension HistoryCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Where figures changed, since which run, by how much and what changed with them.",
      discussion: """
        Each series is judged twice: by its ratio to the baseline of its run (the effect), and by its median. What \
        the arms of a case share is the machine, not the flag. Times change where E-divisive with a t-test says so; \
        counted instructions where a night differs from the level before by the magnitude and beyond both intervals. \
        Exit status: 0 no regression, or none that is not acknowledged; 2 a regression; 3 there is no series.
        """)

    @OptionGroup var series: SeriesOptions
    @OptionGroup var database: DatabaseOption
    @OptionGroup var change: ChangeOptions

    @Option(help: "What is no regression is listed where it is among the last so many nights.")
    var recent = 14

    @Flag(help: "Measure suspects again, on this machine, before they are called regressions.")
    var confirm = false

    @Option(
      help: ArgumentHelp(
        "Measure again by this shell command, to which the options of a run are added (default: this program).",
        valueName: "command"))
    var confirmWith: String?

    func run() throws {
      let database = try SeriesDatabase(database.path, for: .reading)
      var checked = try Checked(database, series.filter, change.rule)
      guard checked.check.series > 0 else { throw ExitCode.nothingMeasured }
      var contexts: [String: RunJSON?] = [:]
      func context(_ point: SeriesPoint, _ series: Series) throws -> RunJSON? {
        let name = "\(series.machineKey) \(point.runID)"
        if let known = contexts[name] { return known }
        let read = try database.context(runID: point.runID, machineKey: series.machineKey)
        contexts[name] = read
        return read
      }
      for index in checked.check.changes.indices {
        let change = checked.check.changes[index]
        if let before = try context(change.earliest, change.series),
          let after = try context(change.latest, change.series)
        {
          checked.check.changes[index].facts = after.differences(from: before)
        }
      }
      if confirm || confirmWith != nil {
        try Confirmation(database: database.path, command: confirmWith).measure(&checked.check)
      }
      try write(
        CheckReport.render(
          checked.check, context: checked.context, recentNights: recent, color: usesColor(.standardOutput)))
      if !checked.check.alarms.isEmpty { throw ExitCode.regression }
    }
  }

  struct Acknowledge: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Quiets the regressions that check reports, until there is another change.",
      discussion: """
        Kept in the database, and through a rebuild. Without series or --all, what was acknowledged is listed. \
        Exit status 3: there is no such regression.
        """)

    @OptionGroup var series: SeriesOptions
    @OptionGroup var database: DatabaseOption
    @OptionGroup var change: ChangeOptions

    @Flag(help: "Every regression there is.")
    var all = false

    @Option(name: .customLong("run"), help: ArgumentHelp("Only those since this run.", valueName: "run-id"))
    var since: String?

    @Option(help: "Why, for whoever lists it.")
    var note = ""

    @Option(help: ArgumentHelp("Take one back, by its number in the list.", valueName: "number"))
    var withdraw: Int64?

    func run() throws {
      if let withdraw {
        guard try SeriesDatabase(database.path, for: .adding).withdraw(withdraw) else {
          throw Refusal.failed("no acknowledgement has the number \(withdraw)")
        }
        return
      }
      let chooses = all || since != nil || !series.isEmpty
      guard chooses else {
        let known = try SeriesDatabase(database.path, for: .reading).acknowledgements()
        return try write(AcknowledgementList.render(known))
      }
      // A reader makes no database, and a misspelt path is to be told.
      _ = try SeriesDatabase(database.path, for: .reading)
      let database = try SeriesDatabase(database.path, for: .adding)
      let open = try Checked(database, series.filter, change.rule).check.alarms
        .filter { change in since.map { change.after.runID == $0 } ?? true }
      guard !open.isEmpty else { throw ExitCode.nothingMeasured }
      let now = Date.now.formatted(.iso8601)
      let made = open.map { Acknowledgement(of: $0, note: note, madeAt: now) }
      try database.acknowledge(made)
      try write(AcknowledgementList.render(made))
    }
  }
}
