// SPDX-License-Identifier: Apache-2.0

/// The dialect of guest_memfd's flags that a kernel speaks. The two collide: what mainline calls
/// `MMAP | INIT_SHARED` removes the direct map on a kernel with the v5 to v7 series.
public enum Dialect: String, CaseIterable, Codable, Sendable {
  /// Linux 6.8 and later, and the series v8 to v12 on top of it: KVM_CAP_GUEST_MEMFD_FLAGS is a bitmap.
  case mainline
  /// The series v5 to v7: KVM_CAP_GUEST_MEMFD_MMAP is a boolean at the same number, and the flag has a
  /// capability of its own.
  case v7
}
