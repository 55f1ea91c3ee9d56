// SPDX-License-Identifier: Apache-2.0
import Foundation
import FoundationXML
import Model
import Records
import Testing

@testable import Reports

/// What an XML parser says of a text, and the characters of its elements.
private final class Reading: NSObject, XMLParserDelegate {
  var elements: [String: Int] = [:]
  var text = ""
  var isWellFormed = false

  init(_ xml: String) {
    super.init()
    let parser = XMLParser(data: Data(xml.utf8))
    parser.delegate = self
    isWellFormed = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements[name, default: 0] += 1
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}

@Suite("SVG charts of a run")
struct ChartTests {
  private static let references = "\(root)/Results"

  private static var root: String {
    #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
  }

  private static let runs = [
    "amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick-frames", "amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick",
    "amd-epyc-23.1.2-4cpu-4node-2gib-qemu-tcg/nodes", "amd-epyc-23.1.2-2cpu-2node-2gib-qemu-tcg/instructions",
    "amd-epyc-23.1.2-8cpu-1node-2gib-qemu-tcg/targets",
    "amd-epyc-25.17.1-2cpu-1node-24gib-kvm/aftermath-cold",
  ]

  private static func run(_ name: String) throws -> ChartRun {
    try ChartRun(Recording("\(references)/\(name)", depth: .everyBlock))
  }

  @Test(arguments: runs) func theReferenceRunsAreDrawn(_ name: String) throws {
    let run = try Self.run(name)
    for kind in ChartKind.allCases {
      let svg = kind.svg(run)
      let reading = Reading(svg)
      #expect(reading.isWellFormed, "\(kind)")
      #expect(reading.elements["desc"] == 1 && reading.elements["title", default: 0] >= 1, "\(kind)")
      #expect(reading.elements["script"] == nil)
      #expect(svg.contains("role=\"img\"") && svg.contains("prefers-color-scheme:dark"))
      #expect(!svg.contains("href") && !svg.contains("NaN") && !svg.contains("inf,"))
    }
  }

  @Test(arguments: runs) func everyArmWithAFigureIsInTheOverview(_ name: String) throws {
    let run = try Self.run(name)
    let shown = Reading(ChartKind.overview.svg(run, width: 4000)).text
    for panel in ChartPanel.operations(run.rows.filter(\.hasFigure)) {
      for label in panel.labels { #expect(shown.contains(label), "\(label)") }
    }
    let missing = Set(run.rows.filter { !$0.hasFigure }.map(\.backingLabel))
    for label in missing { #expect(shown.contains(label), "\(label)") }
  }

  @Test func whatHasFourNumbersOfCPUsIsACurve() throws {
    let run = try Self.run("amd-epyc-23.1.2-8cpu-1node-2gib-qemu-tcg/targets")
    let reading = Reading(ChartKind.scaling.svg(run))
    #expect(reading.text.contains("CPUs online") && !reading.text.contains("nothing to show"))
  }

  @Test func pairsOfNodesAreAMap() throws {
    let run = try Self.run("amd-epyc-23.1.2-4cpu-4node-2gib-qemu-tcg/nodes")
    let text = Reading(ChartKind.nodes.svg(run)).text
    #expect(text.contains("memory 3") && text.contains("CPU 2") && text.contains("of local"))
  }

  @Test func anOperationIsChosenByItsNames() throws {
    let run = try Self.run("amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick-frames")
    for name in ["free/unmap-last-reference", "free", "unmap-last-reference"] {
      #expect(try run.only([name]).rows.allSatisfy { $0.benchmark == "free" })
    }
    #expect(try run.only([]).rows.count == run.rows.count)
    #expect(throws: UnknownOperation.self) { try run.only(["free", "fre"]) }
  }

  @Test func anEmptyRunSaysSo() {
    for kind in ChartKind.allCases {
      for rows in [[], [ChartRow(key: "a/b/c/pages=1", benchmark: "a", operation: "b", backing: "c")]] {
        let reading = Reading(kind.svg(ChartRun(name: "empty", rows: rows)))
        #expect(reading.isWellFormed)
        #expect(reading.text.contains("There is nothing to show"), "\(kind)")
      }
    }
  }

  /// Names that would break markup or a terminal, in every place that a file can put one.
  static let hostile = "<script>alert(\"1\")</script> & 'x'\n\u{1B}[31m\u{0}\u{202E}\u{FFFF}"

  static func hostileRun(medians: [Double] = [100, 120]) -> ChartRun {
    var row = ChartRow(
      key: "\(hostile)/\(hostile)/\(hostile)/others=\(hostile)", benchmark: hostile, operation: hostile,
      backing: hostile, unit: hostile)
    row.status = hostile
    row.reason = hostile
    row.baseline = hostile
    row.p50 = ChartEstimate(100, low: 90, high: nil)
    row.ratio = ChartEstimate(2, low: nil, high: 3)
    row.quantiles = [0, 0.5, 0.9, 0.99, 1].map { ChartQuantile($0, 100 + $0) }
    row.fields = [hostile, hostile]
    row.blocks = medians.enumerated().map { index, median in
      ChartBlock(started: Double(index) / 10, order: index, pass: 1 + index % 3, median: median)
    }
    return ChartRun(name: "/home/somebody/\(hostile)", runID: hostile, rows: [row])
  }

  @Test func hostileNamesAreText() {
    for kind in ChartKind.allCases {
      let svg = kind.svg(Self.hostileRun())
      let reading = Reading(svg)
      #expect(reading.isWellFormed, "\(kind)")
      #expect(reading.elements["script"] == nil)
      #expect(!svg.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x202E })
    }
    #expect(
      Reading(ChartKind.overview.svg(Self.hostileRun(), width: 4000)).text.contains(
        "<script>alert(\"1\")</script>"))
  }

  @Test func controlCharactersAreShown() {
    #expect(XMLText.plain("a\u{1B}b\nc\u{FFFE}d\u{85}é") == "a\u{FFFD}b c\u{FFFD}d é")
    #expect(XMLText.escape("<a href=\"x\">'&") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;")
  }

  @Test func strangeFiguresDoNotBreakACoordinate() {
    for values in [[0.0], [-5, 0, 3], [1e-300, 1e300], [5], [7, 7, 7], [.greatestFiniteMagnitude, 1]] {
      var run = Self.hostileRun(medians: values)
      run.rows[0].p50 = ChartEstimate(values[0], low: values[0], high: values[values.count - 1])
      run.rows[0].ratio = ChartEstimate(abs(values[0]), low: values[0], high: values[values.count - 1])
      run.rows[0].quantiles = []
      for kind in ChartKind.allCases {
        let svg = kind.svg(run)
        #expect(Reading(svg).isWellFormed, "\(kind) \(values)")
        #expect(!svg.contains("nan"), "\(kind) \(values)")
      }
    }
  }

  @Test func aThinnedChartSaysHowManyBlocksItDraws() {
    let medians = (0..<20_000).map { 1000 + Double($0 * 7919 % 1000) }
    let svg = ChartKind.blocks.svg(Self.hostileRun(medians: medians))
    #expect(Reading(svg).text.contains("of 20,000 blocks that count are drawn"))
    #expect(svg.utf8.count < 150_000)
    let few = ChartKind.blocks.svg(Self.hostileRun(medians: Array(medians.prefix(300))))
    #expect(Reading(few).text.contains("All 300 blocks that count are drawn"))
  }

  @Test func thinningKeepsTheExtremesOfEachColumn() {
    let blocks = (0..<1000).map {
      ChartBlock(started: nil, order: $0, pass: nil, median: Double(($0 * 37) % 101))
    }
    let kept = BlocksChart.thinned(blocks) { $0.order / 100 }
    #expect(kept.count == 20)
    for column in 0..<10 {
      let own = kept.filter { $0.order / 100 == column }.map(\.median)
      #expect(own.min() == 0 && own.max() == 100)
    }
  }

  @Test func ticksAreRoundAndWithinTheAxis() {
    let time = ChartScale(low: 0.03, high: 24.9, isLog: false, from: 0, to: 500)
    #expect(time.ticks == [5, 10, 15, 20])
    #expect(
      ChartScale(low: 90, high: 2100, isLog: true, from: 0, to: 100).ticks == [100, 200, 500, 1000, 2000])
    for (low, high) in [(1.01, 1.02), (1e-9, 1e9), (999, 1001)] {
      let ticks = ChartScale(low: low, high: high, isLog: true, from: 0, to: 100).ticks
      #expect(
        ticks.count >= 2 && ticks.count <= 9 && ticks.allSatisfy { $0 >= low * 0.99 && $0 <= high * 1.01 })
    }
    #expect(TickText.amount(1500, unit: "ns") == "1.5 µs" && TickText.number(0.05) == "0.05")
  }
}
