// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
  /// Without white space at both ends.
  public var trimmed: String {
    let bytes = Array(utf8)
    // White space, and the NUL that ends a device-tree string.
    guard let first = bytes.firstIndex(where: { $0 > 0x20 }), let last = bytes.lastIndex(where: { $0 > 0x20 })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}
