// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@Suite("options of the axes")
struct AxisOptionTests {
  @Test func theCommandLineHasThem() throws {
    let help = try Program.run(["run", "--help"]).output
    for option in Axis.all.compactMap(\.option) { #expect(help.contains("--\(option) <"), "\(option)") }
  }
}
