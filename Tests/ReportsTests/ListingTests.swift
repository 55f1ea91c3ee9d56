// SPDX-License-Identifier: Apache-2.0
import Foundation
import Model
import Records
import Testing

@testable import Reports

@Suite struct ListingTests {
  private static let refusal = Refusal.unsupported(
    String(repeating: "many words of a reason ", count: 20), remedy: "load the module")
  private static let cases = ["fault-in touch", "fault-in populate", "free close-guest-mapped"].flatMap {
    name in
    [Backing.memfd, .memfdSecret, .guestMemfdNoDirectMap].map { backing in
      ListedCase(
        MadeReport.point(name, backing), summary: String(repeating: "what it does ", count: 12),
        refusal: backing == .guestMemfdNoDirectMap ? refusal : nil)
    }
  }

  @Test(arguments: [60, 80, 200]) func anOperationIsALineThatFits(width: Int) {
    let text = CaseListing.render(Self.cases, width: width, color: false)
    let lines = text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= width })
    #expect(lines.contains { $0.hasPrefix("  touch               + + -  what it does") }, "\(text)")
    #expect(lines.contains("6 of 9 cases can be measured here; list --keys names each"))
    #expect(lines.count { $0.contains("guest_memfd_no_direct_map: many words") } == 1)
  }

  @Test func keysSayWhyNot() {
    let lines = CaseListing.keys(Self.cases, color: false).split(separator: "\n")
    #expect(lines.count == Self.cases.count + 1)
    #expect(lines[0].hasPrefix(Self.cases[0].measuredCase.key) && lines[0].hasSuffix("  ok"))
    #expect(lines[2].contains("  no: many words") && lines[2].hasSuffix("(load the module)"))
  }

  @Test func aProgramReadsEveryCase() throws {
    let json = try JSONSerialization.jsonObject(with: Data(ListingJSON.bytes(of: Self.cases)))
    let entries = try #require(json as? [[String: Any]])
    #expect(entries.map { $0["key"] as? String } == Self.cases.map(\.measuredCase.key))
    #expect(entries.map { $0["available"] as? Bool } == Self.cases.map { $0.refusal == nil })
    #expect(entries[2]["remedy"] as? String == "load the module")
  }

  @Test func theWorstStandsFirst() throws {
    let context = MadeReport().report.context
    let topology = Topology(online: CPUSet([0]), allowed: CPUSet([0]), nodes: [], allowedNodes: CPUSet([0]))
    let text = DoctorReport.render(
      topology: topology, fingerprint: context.fingerprint,
      offers: [(.memfd, nil), (.guestMemfd, Self.refusal)],
      groups: [
        CheckGroup("good", why: "why good", []),
        CheckGroup("poor", why: "why poor", [Finding(.unknown, "u"), Finding(.warning, "w", remedy: "r")]),
        CheckGroup("broken", why: "why broken", [Finding(.problem, "p")]),
      ], width: 80, color: false)
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(lines.contains("  memfd: ok") && lines.contains("    → load the module"))
    let order = [
      "broken: bad", "  why broken", "  bad: p", "poor: warning", "  warning: w", "    → r", "  unknown: u",
      "good: ok",
    ].compactMap { lines.firstIndex(of: $0) }
    #expect(order.count == 8 && order == order.sorted(), "\(text)")
  }
}
