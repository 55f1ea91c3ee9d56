// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel

/// What a run starts of itself to have it fork. Not for people.
struct ForkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "forker", shouldDisplay: false)

  @Argument var parent: Int32
  @Argument var tables: Int
  @Argument var every: Int
  @Argument var clock: UInt32

  func run() throws {
    guard ckernel_forker_main(parent, tables, every, ckernel_clock(rawValue: clock)) == 0 else {
      throw ExitCode.failure
    }
  }
}
