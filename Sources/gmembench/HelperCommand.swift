// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Helpers
import HostChanges

/// The processes that a run starts of itself, one subcommand each. Not for people.
struct HelperCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "helper", shouldDisplay: false,
    subcommands: [
      BystanderHelper.self, HolderHelper.self, ForkerHelper.self, GuardianHelper.self, PassCommand.self,
    ])
}

/// On every other CPU.
private struct BystanderHelper: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bystander")

  @Argument var cpu: Int32
  @Argument var clock: UInt32
  @Argument var parent: Int32

  func run() throws {
    guard BystanderProcess.serve(cpu: cpu, clock: clock, parent: parent) else { throw ExitCode.failure }
  }
}

/// To be killed.
private struct HolderHelper: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "holder")

  @Argument var parent: Int32
  @Argument var memory: UInt32
  @Argument var bytes: UInt64
  @Argument var touched: UInt64

  func run() throws {
    Holder.serve(parent: parent, memory: memory, bytes: bytes, touched: touched)
    throw ExitCode.failure
  }
}

/// To fork.
private struct ForkerHelper: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "forker")

  @Argument var parent: Int32
  @Argument var tables: Int
  @Argument var every: Int
  @Argument var clock: UInt32

  func run() throws {
    guard Forker.serve(parent: parent, tables: tables, every: every, clock: clock) else {
      throw ExitCode.failure
    }
  }
}

/// Before the run changes the machine, to undo that when it is killed.
private struct GuardianHelper: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "guardian")

  @Argument var journal: String

  func run() throws { Journal.serveGuardian(journal) }
}
