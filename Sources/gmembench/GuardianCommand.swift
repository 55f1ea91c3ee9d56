// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel

/// What a run starts of itself before it changes the machine, to undo that when the run is killed. Not for people.
struct GuardianCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "guardian", shouldDisplay: false)

  @Argument var journal: String

  func run() throws { _ = ckernel_guardian_main(journal) }
}
