// SPDX-License-Identifier: Apache-2.0
import Foundation
import Model
import Testing

@testable import Records

@Suite struct RunFactsTests {
  private func run() throws -> RunJSON {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Results/amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick/run.json")
      .standardized.path
    return try RunJSON(bytes: Array(Data(contentsOf: URL(fileURLWithPath: path))))
  }

  @Test func theSameRunDiffersInNothing() throws {
    let run = try run()
    #expect(run.differences(from: run).isEmpty && run.facts.contains { $0.name == "kernel" })
  }

  @Test func whatDiffersIsNamedAndOfTheCommandLineOnlyWhatDiffers() throws {
    let before = try run()
    var after = before
    after.machine.kernelRelease = "7.0.0"
    after.machine.commandLine = before.machine.commandLine + " nohz_full=1"
    after.machine.mitigations["spectre_v2"] = "Vulnerable"
    let changes = after.differences(from: before)
    #expect(changes.map(\.name) == ["kernel", "command line", "mitigation spectre_v2"])
    #expect(changes[1].before.isEmpty && changes[1].after == "nohz_full=1")
  }

  @Test func whatOnlyOneKnowsIsNoDifference() throws {
    let before = try run()
    var after = before
    after.machine.microcode = nil
    after.machine.directMap = DirectMapSizes(kib4: 1 << 30, mib2: 3 << 30)
    #expect(after.differences(from: before).isEmpty)
    var split = after
    split.machine.directMap = DirectMapSizes(kib4: 2 << 30, mib2: 2 << 30)
    #expect(split.differences(from: after).map(\.after) == ["about 50 %"])
    #expect(DirectMapSizes(mib2: 1).smallShare == nil && DirectMapSizes(kib4: 0).smallShare == nil)
  }

  @Test func theDirectMapIsWrittenAndReadBack() throws {
    var run = try run()
    run.machine.directMap = DirectMapSizes(kib4: 4096, mib2: 2 << 20, gib1: 1 << 30)
    let bytes = try run.bytes()
    #expect(String(decoding: bytes, as: UTF8.self).contains("\"direct_map\""))
    #expect(try RunJSON(bytes: bytes).machine.directMap == run.machine.directMap)
  }
}
