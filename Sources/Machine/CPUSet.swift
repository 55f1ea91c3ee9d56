// SPDX-License-Identifier: Apache-2.0

/// A set of CPU (or node) numbers, in the kernel's list notation (`0-3,8`).
public struct CPUSet: Hashable, Sendable {
  public var members: [Int]
  public init(_ members: some Sequence<Int>) { self.members = Set(members).sorted() }
}
