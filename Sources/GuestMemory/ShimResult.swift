// SPDX-License-Identifier: Apache-2.0
import Model
import SystemPackage

/// The shim's convention: a negative result is -errno.
@discardableResult
public func check(_ result: Int32, _ call: @autoclosure () -> String) throws(Refusal) -> Int32 {
  guard result < 0 else { return result }
  throw .failed(call: call(), Errno(rawValue: -result))
}
