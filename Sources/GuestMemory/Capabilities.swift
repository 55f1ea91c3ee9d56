// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model
import SystemPackage

/// Why /dev/kvm could not be opened, with what would help.
func refusal(_ error: Errno) -> Refusal {
  switch error {
  case .noSuchFileOrDirectory, .operationNotSupportedByDevice, .noSuchAddressOrDevice:
    .unsupported(
      "no /dev/kvm", remedy: "load the module kvm_intel or kvm_amd; in a VM, allow nested virtualisation")
  case .permissionDenied, .notPermitted:
    .unsupported("/dev/kvm: \(error)", remedy: "join the group kvm (usermod -aG kvm USER) or run as root")
  default: .unsupported("/dev/kvm: \(error)")
  }
}

/// What KVM offers here, asked once.
public struct KVMCapabilities: Hashable, Sendable {
  /// The dialect's flags for the default VM type, or why there are none.
  public var abi: Result<GuestMemfdABI, Refusal>
  /// The same for the software-protected type, or why that type is not there.
  public var privateABI: Result<GuestMemfdABI, Refusal>
  /// KVM_PRE_FAULT_MEMORY.
  public var hasPreFault: Bool

  /// - Parameters:
  ///   - dialect: insist on a dialect instead of recognising it.
  ///   - acceptsHostRisk: allows a v7 kernel's flag in spite of its bug.
  public static func read(
    _ kvm: borrowing KVMDevice, insisting dialect: Dialect? = nil, acceptsHostRisk: Bool = false
  ) throws(Refusal) -> KVMCapabilities {
    let machine = try VirtualMachine(kvm)
    let abi = Result { () throws(Refusal) in
      let abi = try GuestMemfdABI.resolve(machine.guestMemfdAnswers, insisting: dialect)
      guard abi.dialect != .v7 || acceptsHostRisk else {
        throw Refusal.unsupported(
          "this kernel speaks the flag's v7 dialect: \(GuestMemfdABI.hostRisk)", remedy: "--accept-host-risk")
      }
      return abi
    }
    let offersType =
      machine.answer(KVM_CAP_VM_TYPES) & (1 << VirtualMachineType.softwareProtected.rawValue) != 0
    let isOffered = machine.guestMemfdAnswers.guestMemfd > 0
    return KVMCapabilities(
      abi: abi,
      privateABI: Result { () throws(Refusal) in
        try privateABI(kvm, abi: isOffered ? abi.get() : nil, insisting: dialect, offersType: offersType)
      },
      hasPreFault: machine.answer(KVM_CAP_PRE_FAULT_MEMORY) > 0)
  }

  /// - Parameter abi: of the default type; nil where that type has no guest_memfd, as from Linux 6.8 to 6.17.
  private static func privateABI(
    _ kvm: borrowing KVMDevice, abi: GuestMemfdABI?, insisting dialect: Dialect?, offersType: Bool
  ) throws(Refusal) -> GuestMemfdABI {
    guard offersType else {
      throw .unsupported(
        "no VM type with private memory is offered (KVM_X86_SW_PROTECTED_VM)",
        remedy: "CONFIG_KVM_SW_PROTECTED_VM and hardware paging (EPT or NPT)")
    }
    let machine = try VirtualMachine(kvm, type: .softwareProtected)
    guard machine.answer(KVM_CAP_MEMORY_ATTRIBUTES) & Int32(KVM_MEMORY_ATTRIBUTE_PRIVATE) != 0 else {
      throw .unsupported("the VM type has no private memory (KVM_CAP_MEMORY_ATTRIBUTES)")
    }
    let answers = machine.guestMemfdAnswers
    if let abi { return abi.offered(answers) }
    return try GuestMemfdABI.resolve(answers, insisting: dialect)
  }

  /// The dialect and flags that create `backing`.
  public func flags(for backing: Backing) throws(Refusal) -> (dialect: Dialect, flags: UInt64) {
    let abi = try (backing.isPrivate ? privateABI : abi).get()
    return (abi.dialect, try abi.flags(for: backing))
  }
}

/// Whether memfd_secret works here, and if not, which of its three causes it is.
public enum SecretMemory {
  /// - Parameter read: gives a file's text, or nil.
  public static func check(
    kernelRelease: String, architecture: String, probe: () -> Int32 = openAndClose,
    read: (String) -> String?
  ) throws(Refusal) {
    let result = probe()
    guard result < 0 else { return }
    guard result == -ENOSYS else { throw .failed(call: "memfd_secret", Errno(rawValue: -result)) }
    // The parameter's folder exists exactly where the code was built in; the value is readable by root.
    if let enabled = read("/sys/module/secretmem/parameters/enable") {
      if enabled.hasPrefix("N") {
        throw .unsupported(
          "memfd_secret is switched off (secretmem.enable=0, the default before Linux 6.5)",
          remedy: "boot with secretmem.enable=1")
      }
      throw .unsupported(
        "memfd_secret is built, but this kernel cannot edit its direct map (\(architecture))",
        remedy: architecture == "aarch64" ? "boot with rodata=full" : nil)
    }
    let configuration = read("/boot/config-\(kernelRelease)") ?? ""
    if configuration.contains("CONFIG_SECRETMEM=y") {
      throw .unsupported(
        "memfd_secret is built, but switched off or impossible on this machine (\(architecture))",
        remedy: "boot with secretmem.enable=1" + (architecture == "aarch64" ? " and rodata=full" : ""))
    }
    throw .unsupported("memfd_secret is not built into this kernel", remedy: "CONFIG_SECRETMEM=y")
  }

  /// Maps `bytes` of it, untouched, and lets them go again: RLIMIT_MEMLOCK is charged at mmap, unless the caller
  /// has CAP_IPC_LOCK, and the limit alone does not tell.
  public static func tryMapping(bytes: Int) throws(Refusal) {
    let file = try MemoryFile.memfdSecret(bytes: bytes)
    let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor.number, 0)
    let error = Errno(rawValue: errno)
    guard base == MAP_FAILED else {
      munmap(base, bytes)
      return
    }
    guard error == .resourceTemporarilyUnavailable else { throw .failed(call: "mmap of memfd_secret", error) }
    throw .unsupported(
      "RLIMIT_MEMLOCK does not allow \(bytes >> 10) KiB of memfd_secret", remedy: "raise it (ulimit -l)")
  }

  public static func openAndClose() -> Int32 {
    let result = ckernel_memfd_secret()
    if result >= 0 { close(result) }
    return min(result, 0)
  }
}
