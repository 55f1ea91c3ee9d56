// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Machine
import Model
import SystemPackage

/// What memory is verified with: the process on one CPU, and what makes the memory.
public final class VerificationContext {
  public let pageBytes = Int(getpagesize())
  let kvm: KVMAccess
  let memory: MemoryFactory
  private let architecture = Fingerprint.architecture()

  /// - Parameters:
  ///   - cpu: where the process is pinned.
  ///   - kvm: opened for this.
  public init(cpu: Int, _ kvm: KVMAccess) throws(Refusal) {
    do throws(Errno) { try Affinity.pin(toCPU: cpu) } catch {
      throw .failed(call: "pinning to CPU \(cpu)", error)
    }
    self.kvm = kvm
    memory = MemoryFactory(kvm)
  }

  /// A signal asked the program to end.
  public var isInterrupted: Bool { ckernel_signals_pending() != 0 }

  /// Refuses a backing that this machine does not offer.
  func require(_ backing: Backing, bytes: Int) throws(Refusal) {
    _ = try memory.offer(of: backing, bytes: bytes, architecture: architecture) { SystemFiles().text($0) }
  }
}
