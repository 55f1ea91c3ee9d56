// SPDX-License-Identifier: Apache-2.0
import Glibc

/// This process's own limits; raising them leaves the host as it is.
public enum ResourceLimit {
  private static let resource = __rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue)

  /// RLIMIT_MEMLOCK in bytes (`UInt64.max`: none), which memfd_secret is charged to. Nil when refused.
  public static func memlock() -> (soft: UInt64, hard: UInt64)? {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return nil }
    return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
  }

  /// Sees to a soft RLIMIT_MEMLOCK of at least `bytes`; the hard limit rises too where that is needed and
  /// allowed (CAP_SYS_RESOURCE). Lowers nothing. Returns whether the limit suffices now.
  public static func raiseMemlock(to bytes: UInt64) -> Bool {
    guard let now = memlock() else { return false }
    if now.soft >= bytes { return true }
    var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(max(bytes, now.hard)))
    return setrlimit(resource, &limit) == 0
  }

  /// Whether `raiseMemlock` would succeed: tried, and put back at once. Capabilities do not tell, because a
  /// user namespace's CAP_SYS_RESOURCE does not count here.
  static func couldRaiseMemlock(to bytes: UInt64) -> Bool {
    guard let now = memlock(), raiseMemlock(to: bytes) else { return false }
    var limit = rlimit(rlim_cur: rlim_t(now.soft), rlim_max: rlim_t(now.hard))
    _ = setrlimit(resource, &limit)
    return true
  }
}
