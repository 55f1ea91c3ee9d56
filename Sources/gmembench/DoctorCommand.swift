// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import GuestMemory
import Machine
import Model
import Records
import Reports
import SystemPackage

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "What the machine offers and what would disturb a measurement, each with its remedy.")

  @Flag(help: "The same as JSON, for a program.")
  var json = false

  func run() throws {
    let session = try SelectionOptions.parse([]).open(seed: 0, program: nil)
    let offers = Backing.allCases.map { (backing: $0, refusal: session.refusal(of: $0)) }
    let groups = Doctor.groups(topology: session.topology, fingerprint: session.fingerprint)
    if json {
      let bytes = try ListingJSON.bytes(of: session.fingerprint, offers: offers, groups: groups)
      return try write(String(decoding: bytes, as: UTF8.self))
    }
    try write(
      DoctorReport.render(
        topology: session.topology, fingerprint: session.fingerprint, offers: offers, groups: groups,
        width: TerminalWidth.of(STDOUT_FILENO), color: usesColor(.standardOutput)))
  }
}
