// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Reports
import Suite
import SystemPackage

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Every case this machine could run, and why not for the others.")

  @OptionGroup var selection: SelectionOptions

  func run() throws {
    let session = try selection.open(seed: 0, program: nil)
    let plan = selection.plan(for: session, seed: 0, namesAll: true)
    try write(
      Warnings.render(plan.leftOut + session.layout.findings, color: usesColor(.standardError)),
      to: .standardError)
    try write(CaseListing.render(session.listing(of: plan), color: usesColor(.standardOutput)))
  }
}
