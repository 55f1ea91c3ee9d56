// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import GuestMemory
import Machine
import Model
import Reports
import SystemPackage

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "What the machine offers and what would disturb a measurement, each with its remedy.")

  func run() throws {
    let session = try SelectionOptions.parse([]).open(seed: 0, program: nil)
    let offers = Backing.allCases.map { (name: $0.rawValue, refusal: session.refusal(of: $0)?.description) }
    let text = DoctorReport.render(
      topology: session.topology, fingerprint: session.fingerprint, offers: offers,
      findings: Doctor.findings(topology: session.topology, fingerprint: session.fingerprint),
      color: usesColor(.standardOutput))
    try write(text)
  }
}
