// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CKernel
import Glibc
import GuestMemory
import Model
import Reports
import Suite
import SystemPackage
import Verification

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Proves page by page that the direct map entry is gone and comes back.",
    discussion: """
      Looks through /dev/mem or /proc/kcore, which needs root and a kernel that allows it. Exit status: 0 every \
      page is what its backing claims; 1 one is not, or a step failed; 3 the kernel lets nobody look, or nothing \
      asked for is here. With --uses it looks at no frame and needs no root: 0 at least one use \
      could be told; 3 none.
      """)

  @Option(help: ArgumentHelp("Backings, comma-separated (default: all).", valueName: "list"))
  var backing: CommaSeparated<Backing>?

  @Option(help: "Pages of each backing.")
  var pages = 64

  @Flag(help: "Scan all RAM too, for frames without a user mapping: after fallocate, and private ones.")
  var scan = false

  @Flag(help: "Instead, try what the kernel can do with each backing's memory for a VMM.")
  var uses = false

  @Option(help: "The CPU to fault and look on (default: the last one allowed).")
  var cpu: Int?

  @Option(help: "The dialect of the flag: auto, mainline, v7.")
  var abi: DialectChoice = .auto

  @Flag(help: "Allow a v7 kernel's flag although its bug can crash the host.")
  var acceptHostRisk = false

  func validate() throws {
    guard (1...1 << 20).contains(pages) else { throw ValidationError("--pages is 1 to 1048576") }
    if uses, scan { throw ValidationError("--uses looks at no frame: leave --scan out") }
  }

  func run() throws {
    try check(ckernel_signals_install(), "installing signal handlers")
    let backings = backing?.values ?? Backing.allCases
    try uses ? tryUses(backings) : observe(backings)
  }

  /// The process pinned, and the pages that a region may have.
  private func context(
    bytes: Int, secret: Bool
  ) throws -> (context: VerificationContext, pages: Int) {
    let place = try SelectionOptions.place(
      SessionRequest(cpu: cpu, regionBytes: bytes, usesSecretMemory: secret, seed: 0, program: nil))
    let kvm = KVMAccess(insisting: abi.dialect, acceptsHostRisk: acceptHostRisk)
    return (try VerificationContext(cpu: place.layout.measuringCPU, kvm), place.pages)
  }

  private func tryUses(_ backings: [Backing]) throws {
    let context = try context(bytes: KernelUses.regionBytes, secret: false).context
    let report = KernelUses(context).run(backings)
    try write(UsesReport.render(report, color: usesColor(.standardOutput)))
    if context.isInterrupted { throw ExitCode.interrupted }
    if !report.showsAnything { throw ExitCode.nothingMeasured }
  }

  private func observe(_ backings: [Backing]) throws {
    let pageBytes = Int(getpagesize())
    let capacity = DirectMapVerifier.capacity(pages: pages, pageBytes: pageBytes)
    let (context, most) = try context(
      bytes: (backings.contains(where: \.isHuge) ? capacity : pages) * pageBytes,
      secret: backings.contains { $0.source == .memfdSecret })
    let verifier: DirectMapVerifier
    do throws(Refusal) {
      verifier = try DirectMapVerifier(context, pages: min(pages, most), scans: scan)
    } catch {
      _ = try? FileDescriptor.standardError.writeAll("nothing can be verified here: \(error)\n".utf8)
      throw ExitCode.nothingMeasured
    }
    let report: DirectMapReport
    do throws(Refusal) { report = try verifier.run(backings) } catch {
      if context.isInterrupted { throw ExitCode.interrupted }
      throw error
    }
    print(VerifyReport.render(report, color: usesColor(.standardOutput)), terminator: "")
    if context.isInterrupted { throw ExitCode.interrupted }
    if report.contradicts { throw ExitCode.failure }
    if !report.showsAnything { throw ExitCode.nothingMeasured }
  }
}
