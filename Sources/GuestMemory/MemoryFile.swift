// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model
import SystemPackage

/// A file descriptor that closes itself.
public struct OwnedDescriptor: ~Copyable {
  public let number: Int32

  public init(_ number: Int32) { self.number = number }

  /// Takes what a shim call returned: a descriptor or -errno.
  public init(_ result: Int32, from call: @autoclosure () -> String) throws(Refusal) {
    number = try check(result, call())
  }

  deinit { close(number) }

  /// Gives the descriptor up: the caller closes it.
  public consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}

/// A file whose pages are the memory under test.
public struct MemoryFile: ~Copyable {
  public let descriptor: OwnedDescriptor
  public let bytes: Int

  private init(_ descriptor: consuming OwnedDescriptor, bytes: Int) {
    self.descriptor = descriptor
    self.bytes = bytes
  }

  public static func memfd(bytes: Int) throws(Refusal) -> MemoryFile {
    try sized(OwnedDescriptor(ckernel_memfd("gmembench"), from: "memfd_create"), bytes: bytes)
  }

  public static func memfdSecret(bytes: Int) throws(Refusal) -> MemoryFile {
    try sized(OwnedDescriptor(ckernel_memfd_secret(), from: "memfd_secret"), bytes: bytes)
  }

  /// Page cache whose pages are not movable: as of `ckernel_ramfs_file`.
  public static func ramfs(bytes: Int) throws(Refusal) -> MemoryFile {
    try sized(OwnedDescriptor(ckernel_ramfs_file(), from: "a ramfs of its own"), bytes: bytes)
  }

  /// - Parameter flags: GUEST_MEMFD_FLAG_*, in the kernel's dialect.
  public static func guestMemfd(
    in machine: borrowing VirtualMachine, bytes: Int, flags: UInt64
  ) throws(Refusal) -> MemoryFile {
    let result = ckernel_guest_memfd(machine.descriptor.number, UInt64(bytes), flags)
    return MemoryFile(try OwnedDescriptor(result, from: "KVM_CREATE_GUEST_MEMFD"), bytes: bytes)
  }

  private static func sized(
    _ descriptor: consuming OwnedDescriptor, bytes: Int
  ) throws(Refusal) -> MemoryFile {
    guard ftruncate(descriptor.number, bytes) == 0 else {
      throw .failed(call: "ftruncate", Errno(rawValue: errno))
    }
    return MemoryFile(descriptor, bytes: bytes)
  }

  /// Gives the descriptor up: the caller closes it.
  public consuming func release() -> Int32 { descriptor.release() }
}
