// SPDX-License-Identifier: Apache-2.0
import Glibc
import GuestMemory
import HostChanges
import Machine
import Model

/// Why a session cannot be opened: bad usage, or the machine.
public enum SessionFailure: Error, Sendable {
  case usage(String)
  case refused(Refusal)
}

/// Where a session measures, and how large a block's region is: what is settled before anything is made for it.
public struct MeasuringPlace {
  public let layout: Layout
  public let pages: Int
  public let pageBytes: Int
  /// What bounded the region, and what an earlier run had left behind.
  let findings: [Finding]

  public init(_ request: SessionRequest) throws(SessionFailure) {
    // Before anything is counted: what a killed run took offline is online again.
    let recovered = Journal.recover()
    if let allowed = request.allowedCPUs { Affinity.restore(allowed) }
    let topology: Topology
    do throws(Refusal) { topology = try Topology.read() } catch { throw .refused(error) }
    layout = try Layout(request, topology, quota: Quota.read())
    pageBytes = Int(getpagesize())
    let (bytes, bound) = try Self.regionBytes(request, pageBytes: pageBytes)
    pages = bytes / pageBytes
    findings = [recovered, bound].compactMap(\.self)
  }

  /// Bytes of a region, and what bounded it, if anything did.
  private static func regionBytes(
    _ request: SessionRequest, pageBytes: Int
  ) throws(SessionFailure) -> (bytes: Int, bound: Finding?) {
    let bytes = request.regionBytes
    guard bytes > 0, bytes % pageBytes == 0 else {
      throw .usage("--size \(bytes) is not whole pages of \(pageBytes) bytes")
    }
    if let available = availableMemory(), Int64(bytes) > available {
      throw .refused(
        .failed(
          "a region of \(bytes >> 20) MiB is more than the memory available (\(available >> 20) MiB): "
            + "choose a smaller --size"))
    }
    guard request.usesSecretMemory, let fitting = lockable(bytes, pageBytes: pageBytes), fitting < bytes
    else {
      return (bytes, nil)
    }
    let bound = Finding(
      .warning,
      "RLIMIT_MEMLOCK allows less: every arm's region shrinks from \(bytes >> 10) to \(fitting >> 10) KiB to fit "
        + "memfd_secret",
      remedy: "raise it (ulimit -l), or leave memfd_secret out of --backing")
    return (fitting, bound)
  }

  /// Bytes of a region, at most `bytes`, that memfd_secret can have here under RLIMIT_MEMLOCK, raised as far as
  /// allowed; the limit counts what is mapped, so one region at a time has all of it. Nil where memfd_secret has no
  /// say: it is not there, or not even a page fits and its own rows are `unsupported`.
  private static func lockable(_ bytes: Int, pageBytes: Int) -> Int? {
    func fits(_ bytes: Int) -> Bool {
      do throws(Refusal) { try SecretMemory.tryMapping(bytes: bytes) } catch { return false }
      return true
    }
    guard SecretMemory.openAndClose() == 0 else { return nil }
    if ResourceLimit.raiseMemlock(to: UInt64(bytes)) || fits(bytes) { return bytes }
    let hard = min(ResourceLimit.memlock()?.hard ?? 0, UInt64(bytes))
    _ = ResourceLimit.raiseMemlock(to: hard)
    // Whole huge pages where there is room for one, so that anonymous_huge keeps its row.
    let unit = hard >= UInt64(hugePageBytes) ? hugePageBytes : pageBytes
    let fitting = Int(hard) / unit * unit
    return fitting > 0 && fits(fitting) ? fitting : nil
  }
}
