// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel
import FoundationEssentials
import GuestMemory
import Harness
import Suite

/// A helper (`HelperCommand`): what a run starts of itself for each pass.
struct PassCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pass")

  /// The `SessionRequest`, as JSON.
  @Argument var request: String
  @Argument var parent: Int32

  func run() throws {
    try check(ckernel_signals_install(), "installing signal handlers")
    try check(ckernel_process_serve(parent), "the run is gone")
    let descriptor = OwnedDescriptor(CKERNEL_GIVEN_FD)
    let request = try JSONDecoder().decode(SessionRequest.self, from: Data(self.request.utf8))
    let session = try SelectionOptions.open(request)
    try PassServer(Pass(session.context, operation: Catalogue.operation)).serve(descriptor)
  }
}

extension SessionRequest {
  /// Measures each pass in processes of its own, on such a session.
  func passProcesses(for session: Session) throws -> PassProcesses {
    var request = self
    // As far as the run was allowed.
    request.regionBytes = session.pages * session.context.pageBytes
    request.allowedCPUs = session.topology.allowed
    request.program = CommandLine.executable
    request.calibration = 20
    let text = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    return PassProcesses {
      PassProcess(program: CommandLine.executable, arguments: ["helper", "pass", text])
    }
  }
}
