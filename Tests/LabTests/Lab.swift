// SPDX-License-Identifier: Apache-2.0
import CKernel
import GuestMemory
import Machine
import Model
import Testing

@testable import Suite
@testable import Verification

/// The dialect in which this kernel offers the flag, for both types of VM; nil where it does not.
let dialect: Dialect? = {
  do throws(Refusal) {
    let capabilities = try KVMCapabilities.read(KVMDevice.open(), acceptsHostRisk: true)
    _ = try capabilities.flags(for: .guestMemfdPrivateNoDirectMap)
    return try capabilities.flags(for: .guestMemfdNoDirectMap).dialect
  } catch { return nil }
}()
/// All RAM can be scanned.
let showsMemory = (try? Lab())?.unreadable != nil
let needsLab: Comment = "a kernel with the flag that shows its memory: scripts/lab/test"

/// A kernel with the flag, the calling thread confined to one CPU: a read speaks for the TLB of the CPU that reads.
///
/// How it could mislead: frames are counted over all RAM, so nothing else may remove any meanwhile. In the lab
/// nothing else runs.
struct Lab {
  static let pages = 64
  let session: Session
  let verification: VerificationContext
  let verifier: DirectMapVerifier
  private let allowed = Affinity.current()

  init() throws {
    session = try Session.open(
      SessionRequest(
        regionBytes: KernelUses.regionBytes, usesSecretMemory: false, acceptsHostRisk: true, seed: 1,
        program: nil))
    verification = try VerificationContext(cpu: session.layout.measuringCPU, session.context.kvm)
    verifier = try DirectMapVerifier(verification, pages: Self.pages, scans: true)
  }

  /// Frames of all RAM that the kernel cannot read; nil where it lets nobody read its memory.
  var unreadable: Int? { (try? verifier.scan())?.count }

  /// The same, once it is `expected` or has had the time to become so: a VM may end a little after its holder.
  func settled(at expected: Int) -> Int? {
    var seen = unreadable
    for _ in 0..<5 where seen != expected {
      ckernel_rest(20_000)
      seen = unreadable
    }
    return seen
  }

  /// A region of one backing, as a case.
  func region(of backing: Backing) -> Case {
    var region = Case("lab", "touch", backing, pages: Self.pages)
    (region.cpuNode, region.memoryNode) = (session.pairs[0].cpuNode, session.pairs[0].memoryNode)
    return region
  }

  func guest(_ backing: Backing) throws -> Guest { try Guest.make(region(of: backing), session.context) }

  /// Touches every page through a mapping of the host's, which is gone again afterwards.
  func touchFromHost(_ guest: borrowing Guest, _ backing: Backing) throws {
    let mapping = try guest.mapForHost(backing)
    try session.context.touchAll(guest.hostBase(mapping), region(of: backing))
  }
}

extension Guest {
  func preFault(pages: Int) -> Int32 {
    ckernel_pre_fault(vcpu.number, vcpu.regionAddress, UInt64(pages) << 12)
  }

  /// Frees the first pages of the file.
  func punch(pages: Int) throws {
    try check(ckernel_punch_hole(descriptor, 0, UInt64(pages) << 12), "PUNCH_HOLE")
  }

  /// The VM and its memory go with the last reference.
  consuming func end() {}
}
