// SPDX-License-Identifier: Apache-2.0
import CKernel
import CVerification
import Glibc
import GuestMemory
import Machine
import Model

/// Tries, on fresh memory of each backing, what the kernel does with a process's memory on behalf of a VMM: whether
/// it works, or the errno. All but `mlock` and `MADV_POPULATE_WRITE`, which show get_user_pages alone, move a byte or
/// pin a page.
///
/// How it can mislead: a refusal speaks of the memory only where ordinary memory is not refused, so every use is
/// tried on two controls first. Some accesses take the pages (get_user_pages), some copy through the user mapping as
/// the process itself would; the latter never need the direct map and are no sign of it. An O_DIRECT read of a file
/// system that copies after all (tmpfs) would be of that kind.
public final class KernelUses {
  let context: VerificationContext
  private static let controls: [Backing] = [.anonymous, .memfd]

  /// Bytes that it may take at a time: a huge page, and a page beyond it.
  public static let regionBytes = 2 * hugePageBytes

  public init(_ context: VerificationContext) { self.context = context }

  /// Tries every use on every backing. Interrupted, it gives the rows that it has.
  public func run(_ backings: [Backing]) -> MemoryUseReport {
    var report = MemoryUseReport()
    for backing in backings {
      do throws(Refusal) {
        try context.require(backing, bytes: bytes(of: backing))
        report.backings.append(backing)
      } catch { report.missing.append((backing, error)) }
    }
    for use in MemoryUse.allCases where !context.isInterrupted {
      report.rows.append(row(use, report.backings))
    }
    return report
  }

  private func row(_ use: MemoryUse, _ backings: [Backing]) -> UseRow {
    var controls: [Backing: UseOutcome] = [:]
    for backing in Self.controls {
      let outcome = outcome(use, backing)
      switch outcome {
      case .works: controls[backing] = outcome
      case .refused(let answer):
        return UseRow(
          use, .failure(.unsupported("ordinary memory is refused too: \(backing.rawValue): \(answer)")))
      case .untold(let refusal): return UseRow(use, .failure(refusal))
      }
    }
    let outcomes = backings.map { controls[$0] ?? outcome(use, $0) }
    return UseRow(use, .success(outcomes), note: use == .directRead ? DirectFile.note : nil)
  }

  private func outcome(_ use: MemoryUse, _ backing: Backing) -> UseOutcome {
    do throws(Refusal) {
      switch use {
      case .emulation: return try emulation(backing)
      case .directRead:
        let file = try DirectFile.open()
        return try onPage(of: backing) { cverification_direct_read(file.number, $0, $1) }
      case .registeredBuffer:
        let ring = try Self.ring()
        return try onPage(of: backing) { cverification_uring_register(ring.number, $0, $1) }
      case .remoteRead:
        return try onPage(of: backing) { page, _ in
          var byte: UInt8 = 0
          return ckernel_gup_read(page, &byte, 1)
        }
      case .vhost:
        let device = try Self.vhost()
        return try onPage(of: backing) { cverification_vhost_packet(device.number, $0, $1) }
      case .populate: return try onPage(of: backing) { ckernel_madvise($0, $1, MADV_POPULATE_WRITE) }
      case .lock: return try onPage(of: backing) { mlock($0, $1) == 0 ? 0 : -errno }
      }
    } catch { return .untold(error) }
  }

  /// Fresh memory, its first page touched, and what `body` makes of that page: 0 or -errno.
  private func onPage(
    of backing: Backing, _ body: (UnsafeMutableRawPointer, Int) -> Int32
  ) throws(Refusal) -> UseOutcome {
    guard !backing.isPrivate else { throw .unsupported("no user mapping: only a guest reaches it") }
    let memory = try BlockMemory(backing, bytes: bytes(of: backing), from: context.memory)
    let base = try memory.base
    try check(ckernel_touch(base, context.pageBytes, 1), "touching the memory")
    return Self.outcome(body(base, context.pageBytes))
  }

  /// The shim's result: 0 or -errno.
  static func outcome(_ result: Int32) -> UseOutcome {
    guard result < 0 else { return .works }
    return .refused(cverification_errno_name(-result).map { String(cString: $0) } ?? "errno \(-result)")
  }

  /// One page; a huge one where pages are huge.
  func bytes(of backing: Backing) -> Int {
    backing.faultBytes(pageBytes: context.pageBytes)
  }

  private static func ring() throws(Refusal) -> OwnedDescriptor {
    let ring = cverification_uring_open()
    switch -ring {
    case ENOSYS: throw .unsupported("this kernel has no io_uring", remedy: "CONFIG_IO_URING=y")
    case EPERM:
      throw .unsupported(
        "io_uring is refused (EPERM)",
        remedy: "sysctl kernel.io_uring_disabled=0, and a seccomp filter that allows it")
    default: return try OwnedDescriptor(ring, from: "io_uring_setup")
    }
  }

  private static func vhost() throws(Refusal) -> OwnedDescriptor {
    let device = cverification_vhost_open()
    switch -device {
    case ENOENT, ENODEV, ENXIO:
      throw .unsupported(
        "no /dev/vhost-vsock, the one vhost device that reaches memory without a network or a disk",
        remedy: "load the module vhost_vsock")
    case EACCES, EPERM:
      throw .unsupported("/dev/vhost-vsock is not permitted", remedy: "join the group kvm or run as root")
    default: return try OwnedDescriptor(device, from: "opening /dev/vhost-vsock")
    }
  }
}

/// What O_DIRECT reads: this very program, the one file that is surely there.
private enum DirectFile {
  private static let path = "/proc/self/exe"

  /// tmpfs takes O_DIRECT since Linux 6.5 and copies all the same.
  static func open() throws(Refusal) -> OwnedDescriptor {
    let remedy = "run gmembench from ext4 or xfs"
    let file = cverification_direct_open(path)
    guard file != -EINVAL else {
      throw .unsupported("the file system of this program has no O_DIRECT", remedy: remedy)
    }
    let opened = try OwnedDescriptor(file, from: "opening \(path) with O_DIRECT")
    guard type(of: opened) != "tmpfs" else {
      throw .unsupported("O_DIRECT on tmpfs copies like any read", remedy: remedy)
    }
    return opened
  }

  private static func type(of file: borrowing OwnedDescriptor) -> String? {
    SystemFiles().fileSystemType(ofDescriptor: file.number)
  }

  static var note: String? {
    do throws(Refusal) {
      let file = try open()
      return "of this program's own file, on \(type(of: file) ?? "a file system that /proc does not name")"
    } catch { return nil }
  }
}
