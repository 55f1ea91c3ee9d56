// SPDX-License-Identifier: Apache-2.0
import Experiment
import Statistics
import Testing

@testable import Reports

@Suite struct ComparisonReportTests {
  private func recorded(
    _ backing: String, _ center: Double, others: String = "spin", evidence: RecordedCase.Evidence? = nil
  ) -> RecordedCase {
    RecordedCase(
      key: "free/unmap-last-reference/\(backing)/pages=512/order=sequential/others=\(others)", unit: "ns",
      evidence: evidence ?? .blocks((-5...5).map { center + Double($0) }), traits: [.kernel: "\(center)"])
  }

  private func comparison() throws -> Comparison {
    let refused = recorded(
      "guest_memfd", 0, evidence: RecordedCase.Evidence.none("unsupported: no flag"))
    return try Comparison(
      [recorded("memfd", 1000), recorded("memfd", 1000, others: "idle"), refused, recorded("anonymous", 5)],
      [
        recorded("memfd", 1200), recorded("memfd", 1010, others: "idle"), refused,
        recorded("guest_memfd_private_no_direct_map", 3),
      ], threshold: 0.05)
  }

  @Test func theTableIsReadable() throws {
    let text = ComparisonReport.render(try comparison(), color: false)
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines[0] == "free unmap-last-reference   pages=512 order=sequential")
    #expect(lines.contains("  memfd others=spin  1.00 µs  1.20 µs  slower  ×1.20 [1.20, 1.20]  +200 ns"))
    #expect(lines.contains { $0.hasPrefix("  memfd others=idle  1.00 µs  1.01 µs  ~       ×1.01") })
    #expect(
      text.contains("not comparable (1 case): both: unsupported: no flag\n  free unmap-last-reference: "))
    let onlyOld = "  free unmap-last-reference   pages=512 order=sequential others=spin: anonymous\n"
    #expect(text.contains("only in OLD (1 case)\n" + onlyOld))
    #expect(text.contains("only in NEW (1 case)\n"))
    #expect(
      text.contains("2 cases compared: 1 slower, 0 faster by more than 5.0 %; 1 show no difference (~)\n"))
    #expect(
      text.hasSuffix(
        "slower: free/unmap-last-reference/memfd/pages=512/order=sequential/others=spin\n  ×1.20 [1.20, 1.20]  +200 ns\n"
      ))
    #expect(lines.allSatisfy { $0.count <= 120 })
  }

  @Test func whatDiffersIsAWarningWithItsRemedy() throws {
    let findings = ComparisonReport.findings(try comparison())
    #expect(findings.count == 2)
    #expect(findings[0].what == "kernel differs in 1 case: 1000.0 in OLD, 1200.0 in NEW")
    #expect(findings[0].remedy?.hasSuffix("--across kernel") == true)
  }

  @Test func weakRowsAndUnknownUnitsAreSaid() throws {
    let old = RecordedCase(
      key: "any text", unit: "", evidence: .summary(p50: 0.5, Interval(low: 0.4, high: 0.6)))
    let comparison = try Comparison([old], [old], threshold: 0.05)
    let findings = ComparisonReport.findings(comparison).map(\.what)
    #expect(findings.contains { $0.contains("weaker") } && findings.contains { $0.contains("unit") })
    let text = ComparisonReport.render(comparison, color: false)
    #expect(text.contains("  any text  0.50  0.50  ~  ×1.00 [0.67, 1.50]  +0.00\n"))
    #expect(
      ComparisonReport.render(try Comparison([], [old], threshold: 0.05), color: false).contains("nothing"))
  }

  @Test func labelsHoldWhatDiffers() {
    let groups = CaseGroup.make(["a/b/x/p=1/q=1", "free text", "a/b/y/p=1/q=2", "a/c/x/p=1"])
    #expect(groups.map(\.heading) == ["a b   p=1", "", "a c   p=1"])
    #expect(groups.map { $0.members.map(\.label) } == [["x q=1", "y q=2"], ["free text"], ["x"]])
    #expect(groups[0].members.map(\.key) == ["a/b/x/p=1/q=1", "a/b/y/p=1/q=2"])
  }
}
