// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Machine
import Reports

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "What the machine offers and what would disturb a measurement, each with its remedy.")

  func run() throws {
    let topology = try Topology.read()
    let fingerprint = Fingerprint.read(topology)
    print(DoctorReport.render(topology: topology, fingerprint: fingerprint))
  }
}
