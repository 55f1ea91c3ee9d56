// SPDX-License-Identifier: Apache-2.0
import Machine

/// A file that stands in for the kernel's switch.
public struct MadeUpSwitch: ~Copyable {
  private let tree: RecordedTree

  public init(_ state: String) { tree = RecordedTree(["/switch": state + "\n"]) }

  public var path: String { tree.files.root + "/switch" }

  public var state: String { Self.state(path) }

  public static func state(_ path: String) -> String { SystemFiles().line(path) ?? "gone" }
}
