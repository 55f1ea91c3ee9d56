// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

@main
struct Gmembench: ParsableCommand {
  static let version = "0.2.0"

  static let configuration = CommandConfiguration(
    commandName: "gmembench",
    abstract: "Measures what it costs a Linux host to take guest memory out of the kernel's direct map.",
    discussion: """
      Exit status: 0 done; 1 failed; 2 a regression was found; 3 nothing asked for could be measured here; 4 \
      done, but unstable with --strict; 64 bad usage; 130 interrupted (the partial result is kept).
      """,
    version: version,
    subcommands: [
      RunCommand.self, ListCommand.self, DoctorCommand.self, VerifyCommand.self, SelfcheckCommand.self,
      CompareCommand.self, SummarizeCommand.self, PlotCommand.self, ReportCommand.self,
      SchemaCommand.self, HistoryCommand.self,
      HelperCommand.self,
    ],
    defaultSubcommand: RunCommand.self)
}

extension ExitCode {
  /// A case got slower.
  static let regression = ExitCode(2)
  /// Nothing asked for could be measured here.
  static let nothingMeasured = ExitCode(3)
  /// Done, but unstable, with --strict.
  static let unstable = ExitCode(4)
  /// Interrupted; the partial result is kept.
  static let interrupted = ExitCode(130)
}
