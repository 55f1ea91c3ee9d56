// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel

/// What a run starts of itself to kill it. Not for people.
struct HolderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "holder", shouldDisplay: false)

  @Argument var parent: Int32
  @Argument var memory: UInt32
  @Argument var bytes: UInt64
  @Argument var touched: UInt64

  func run() throws {
    _ = ckernel_holder_main(parent, ckernel_held_memory(rawValue: memory), bytes, touched)
    throw ExitCode.failure
  }
}
