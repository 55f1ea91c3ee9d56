// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@testable import Reports

@Suite("the HTML report")
struct HTMLReportTests {
  @Test func hostileNamesAreText() throws {
    let page = try HTMLReport.render([ChartTests.hostileRun()], version: "0")
    #expect(!page.contains("<script"))
    #expect(page.contains("&lt;script&gt;"))
    #expect(!page.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    // Only the last part of the path that the user named.
    #expect(!page.contains("somebody"))
  }

  @Test func nothingIsLoaded() throws {
    let page = try HTMLReport.render([ChartTests.hostileRun()], version: "0")
    for word in ["src=", "url(", "@import", "<link", "<script", "onload"] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(page.contains("default-src 'none'") && page.contains("@media print"))
    // The one address is a name space, which nothing fetches.
    #expect(
      page.components(of: "http") == page.components(of: "http-equiv")
        + page.components(of: "http://www.w3.org/2000/svg"))
  }

  @Test func anEmptyRunIsAPage() throws {
    let page = try HTMLReport.render([ChartRun(name: "empty", rows: [])], version: "0")
    #expect(page.contains("There is nothing to show") && page.contains("No memory outside the direct map"))
  }

  @Test func severalRunsHaveIdentifiersOfTheirOwn() throws {
    let page = try HTMLReport.render([ChartTests.hostileRun(), ChartTests.hostileRun()], version: "0")
    let identifiers = page.split(separator: " id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(Set(identifiers).count == identifiers.count)
    #expect(page.contains("<a href=\"#r2\">"))
  }

  @Test func theAnswerSaysWhatAGiBTakes() {
    func row(_ backing: String) -> ChartRow {
      var row = ChartRow(
        key: "fault-in/touch/\(backing)/pages=512/others=spin", benchmark: "fault-in", operation: "touch",
        backing: backing)
      row.pageBytes = 4096
      return row
    }
    var (base, secret) = (row("guest_memfd"), row("memfd_secret"))
    (base.p50, base.mean) = (ChartEstimate(1000), 1000)
    (secret.p50, secret.mean, secret.baseline) = (ChartEstimate(4000), 4000, base.key.text)
    secret.ratio = ChartEstimate(4, low: 3.9, high: 4.1)
    let sentences = RecordedAnswer.sentences(ChartRun(name: "", rows: [base, secret]))
    #expect(
      sentences.contains(
        "Populating by the host (fault-in touch, others=spin): memfd_secret (proxy) takes ×4.00 [3.90, 4.10] of what "
          + "guest_memfd takes; for a GiB 1.05 s against 262 ms."), "\(sentences)")
    #expect(sentences.first?.contains("Only the proxy memfd_secret") == true)
  }

  /// 100,000 blocks of 50 arms: thinned out, within 5 MB.
  @Test func aLargeRunStaysSmall() throws {
    let backings = Backing.allCases.map(\.rawValue)
    var run = ChartRun(name: "large", rows: [])
    for arm in 0..<50 {
      let backing = backings[arm % backings.count]
      var row = ChartRow(
        key: "fault-in/touch/\(backing)/pages=512/batch=\(arm / backings.count)", benchmark: "fault-in",
        operation: "touch", backing: backing)
      row.p50 = ChartEstimate(1000)
      row.blocks = (0..<2000).map { block in
        ChartBlock(
          started: Double(block) / 3, order: block * 50 + arm, pass: block / 200,
          median: 1000 + Double(block * 31 % 97))
      }
      run.rows.append(row)
    }
    let clock = ContinuousClock()
    var page = ""
    let time = try clock.measure { page = try HTMLReport.render([run], version: "0") }
    #expect(page.utf8.count < 5_000_000, "\(page.utf8.count)")
    #expect(time < .seconds(30), "\(time); a release build has 5 s")
  }
}

extension String {
  fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
