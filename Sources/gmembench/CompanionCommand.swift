// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel

/// What a run starts of itself on every other CPU. Not for people.
struct CompanionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "companion", shouldDisplay: false)

  @Argument var cpu: Int32
  @Argument var clock: UInt32
  @Argument var parent: Int32

  func run() throws {
    guard ckernel_companion_main(cpu, ckernel_clock(rawValue: clock), parent) == 0 else {
      throw ExitCode.failure
    }
  }
}
