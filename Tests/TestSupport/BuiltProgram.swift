// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The built program beside the tests, for the helpers that it starts of itself.
public let builtProgram: String? = {
  let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
  let candidates = [
    beside, URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent(),
  ]
  return candidates.map { $0.appendingPathComponent("gmembench").path }
    .first { FileManager.default.isExecutableFile(atPath: $0) }
}()
