// SPDX-License-Identifier: Apache-2.0
import Model

/// /dev/kvm for a run: opened once, with what it offers, or why there is none.
public final class KVMAccess {
  private var device: KVMDevice?
  private var hostMachine: VirtualMachine?
  public let capabilities: Result<KVMCapabilities, Refusal>

  /// - Parameters: as of `KVMCapabilities.read`.
  public init(insisting dialect: Dialect?, acceptsHostRisk: Bool) {
    do throws(Refusal) {
      let device = try KVMDevice.open()
      capabilities = .success(
        try KVMCapabilities.read(device, insisting: dialect, acceptsHostRisk: acceptsHostRisk))
      self.device = consume device
    } catch {
      capabilities = .failure(error)
      device = nil
    }
    hostMachine = nil
  }

  public func withDevice<Value: ~Copyable>(
    _ body: (borrowing KVMDevice) throws(Refusal) -> Value
  ) throws(Refusal) -> Value {
    _ = try capabilities.get()
    guard device != nil else { throw .unsupported("no /dev/kvm") }
    switch device {
    case .some(let device): return try body(device)
    case .none: throw .unsupported("no /dev/kvm")
    }
  }

  /// A VM in which guest_memfds for the host's own faults are made: one for a whole group, since making and
  /// destroying a VM for every block would put its RCU waits between the blocks.
  public func withHostMachine<Value: ~Copyable>(
    _ body: (borrowing VirtualMachine) throws(Refusal) -> Value
  ) throws(Refusal) -> Value {
    if hostMachine == nil {
      hostMachine = try withDevice { kvm throws(Refusal) in try VirtualMachine(kvm) }
    }
    switch hostMachine {
    case .some(let machine): return try body(machine)
    case .none: throw .failed("the VM for the host's faults is gone")
    }
  }

  /// Lets the group's VM go, so that one VM is alive at a time.
  public func endGroup() { hostMachine = nil }
}
