// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Records
import Reports
import Suite
import SystemPackage

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "The benchmarks and their operations, and which memory each can measure here."
  )

  @OptionGroup var selection: SelectionOptions

  @Flag(help: "A line a case: its key, and whether it can be measured here.")
  var keys = false

  @Flag(help: "The same cases as JSON, for a program.")
  var json = false

  func run() throws {
    let session = try selection.open(seed: 0, program: nil)
    let plan = selection.plan(for: session, seed: 0, namesAll: true)
    try write(
      Warnings.render(plan.leftOut + session.layout.findings, color: usesColor(.standardError)),
      to: .standardError)
    let cases = session.listing(of: plan)
    if json { return try write(String(decoding: ListingJSON.bytes(of: cases), as: UTF8.self)) }
    let color = usesColor(.standardOutput)
    try write(
      keys
        ? CaseListing.keys(cases, color: color)
        : CaseListing.render(cases, width: TerminalWidth.of(STDOUT_FILENO), color: color))
  }
}
