// SPDX-License-Identifier: Apache-2.0
import Model
import Mustache
import Records

/// Runs as one HTML page that needs nothing else: no script, no network, no file beside it.
public enum HTMLReport {
  /// The page, runs one after the other.
  ///
  /// - Throws: what the template engine finds wrong with the template; not what it is given.
  public static func render(_ runs: [ChartRun], version: String) throws -> String {
    let library = MustacheLibrary(templates: [
      "page": try MustacheTemplate(string: HTMLTemplate.page),
      "figure": try MustacheTemplate(string: HTMLTemplate.figure),
    ])
    let page = HTMLPage(
      title: runs.count == 1 ? "gmembench: \(XMLText.plain(name(runs[0])))" : "gmembench: \(runs.count) runs",
      style: HTMLTemplate.css + ChartStyle.css, version: version, hasSeveral: runs.count > 1,
      runs: runs.enumerated().map { HTMLRun($1, number: $0 + 1) })
    return library.render(page, withTemplate: "page") ?? ""
  }

  /// The last part of the path that the user named: the rest may say where somebody keeps files.
  static func name(_ run: ChartRun) -> String {
    run.name.split(separator: "/").last { $0 != "." }.map(String.init) ?? run.name
  }
}

// What the template is filled with, by the names of the properties.

struct HTMLPage {
  var title: String
  var style: String
  var version: String
  var hasSeveral: Bool
  var runs: [HTMLRun]
}

/// A name and what stands beside it.
struct HTMLFact {
  var name: String
  var value: String

  init(_ name: String, _ value: String) {
    (self.name, self.value) = (XMLText.plain(name), XMLText.plain(value))
  }
}

/// A chart for a wide page and the same for a narrow one.
struct HTMLFigure {
  var wide: String
  var narrow: String

  init(width: Double, id: String, _ draw: (_ width: Double, _ id: String) -> String) {
    wide = draw(width, "\(id)w")
    narrow = draw(348, "\(id)n")
  }
}

struct HTMLOperation {
  var id: String
  var title: String
  var hasFigures: Bool
  var figures: [HTMLFigure]
  var rows: [HTMLRow]
}

struct HTMLRow {
  var label: String
  var status: String
  var blocks: String
  var p50: String
  var p90: String
  var p99: String
  var mean: String
  var effect: String
  var shift: String
  var reason: String
}

struct HTMLWarning {
  var severity: String
  var what: String
  var remedy: String?
}

struct HTMLRun {
  var id: String
  var name: String
  var facts: [HTMLFact]
  var answer: [String]
  var overview: HTMLFigure
  var operations: [HTMLOperation]
  var hasCurves: Bool
  var curves: [HTMLFigure]
  var hasWarnings: Bool
  var warnings: [HTMLWarning]
  var hasContext: Bool
  var context: [HTMLFact]
  var columns: [String]
  var rawRows: [[String]]

  init(_ run: ChartRun, number: Int) {
    let id = "r\(number)"
    self.id = id
    name = XMLText.plain(HTMLReport.name(run))
    facts = HTMLFacts.head(run)
    answer = RecordedAnswer.sentences(run)
    overview = HTMLFigure(width: 1040, id: "\(id)o") { width, id in
      var chart = OverviewChart(run, width: width)
      return chart.render(id: id, hasStyle: false)
    }
    operations = HTMLRun.operations(run, id)
    curves = [Axis.online, .threads, .batch].enumerated().compactMap { index, axis in
      guard CurveChart.hasCurves(run.rows, axis: axis) else { return nil }
      return HTMLFigure(width: 620, id: "\(id)c\(index)") { width, id in
        CurveChart.render(run.rows, axis: axis, width: width, id: id, hasStyle: false)
      }
    }
    if NodesChart.hasMaps(run.rows) {
      curves.append(
        HTMLFigure(width: 620, id: "\(id)n") { width, id in
          NodesChart.render(run.rows, width: width, id: id, hasStyle: false)
        })
    }
    hasCurves = !curves.isEmpty
    warnings = HTMLFacts.warnings(run)
    hasWarnings = !warnings.isEmpty
    context = run.context.map { $0.facts.map { HTMLFact($0.name, $0.value) } } ?? []
    hasContext = !context.isEmpty
    columns = SummaryCSV.columns
    rawRows = run.rows.map { $0.fields.map(XMLText.plain) }
  }

  private static func operations(_ run: ChartRun, _ id: String) -> [HTMLOperation] {
    ChartPanel.operations(run.rows).enumerated().map { index, panel in
      let place = "\(id)p\(index)"
      var figures: [HTMLFigure] = []
      if panel.rows.contains(where: { !$0.distribution.points.isEmpty }) {
        figures.append(
          HTMLFigure(width: 620, id: "\(place)e") { width, id in
            DistributionChart.render(panel.rows, width: width, id: id, hasStyle: false)
          })
      }
      if panel.rows.contains(where: { !$0.blocks.isEmpty }) {
        figures.append(
          HTMLFigure(width: 620, id: "\(place)b") { width, id in
            BlocksChart.render(panel.rows, width: width, id: id, hasStyle: false)
          })
      }
      return HTMLOperation(
        id: place, title: XMLText.plain(panel.title), hasFigures: !figures.isEmpty, figures: figures,
        rows: zip(panel.rows, panel.labels).map { HTMLRow($0, label: $1, in: panel) })
    }
  }
}

extension HTMLRow {
  fileprivate init(_ row: ChartRow, label: String, in panel: ChartPanel) {
    func amount(_ value: Double?) -> String { value.map { Figures.amount($0, unit: row.unit) } ?? "" }
    func quantile(_ probability: Double) -> String {
      amount(row.quantiles.first { abs($0.probability - probability) < 1e-9 }?.value)
    }
    let isBaseline = panel.rows.contains { $0.baseline == row.key.text }
    self.init(
      label: XMLText.plain(label), status: XMLText.plain(row.status),
      blocks: Figures.count(row.blocks.count), p50: amount(row.p50?.value), p90: quantile(0.9),
      p99: quantile(0.99), mean: amount(row.mean),
      effect: row.ratio.map { $0.text + (row.isAdjusted ? " adjusted" : "") }
        ?? (row.hasFigure && isBaseline && row.shift == nil ? "baseline" : ""),
      shift: row.shift.map { Figures.shift($0.value, unit: row.unit) } ?? "",
      reason: XMLText.plain(row.reason))
  }
}

/// What stands around the figures.
enum HTMLFacts {
  /// Machine, kernel and method in a few lines.
  static func head(_ run: ChartRun) -> [HTMLFact] {
    guard let context = run.context else {
      return [HTMLFact("run", run.runID), HTMLFact("machine", "unknown: there is no run.json")]
    }
    let machine = context.machine
    let facts = [
      HTMLFact("run", "\(context.runId), started \(context.startedAt), \(context.status)"),
      HTMLFact(
        "machine",
        "\(machine.cpuModel) (\(machine.cpuFamilyModelStepping)), \(machine.architecture), \(machine.cpus) CPUs, "
          + "\(machine.nodes) \(machine.nodes == 1 ? "node" : "nodes"), \(machine.memoryGib) GiB, hypervisor \(machine.hypervisor)"
      ),
      HTMLFact("kernel", "\(machine.kernelRelease) \(machine.kernelVersion)"),
      HTMLFact(
        "method",
        "plan \(context.plan), seed \(context.seed), \(Figures.fixed(context.elapsedSeconds, 1)) s of "
          + "\(Figures.fixed(context.budgetSeconds, 0)) s; clock \(context.clock.name); measured on CPU "
          + "\(context.measuringCpu), held CPUs \(context.heldCpus.isEmpty ? "none" : context.heldCpus)"),
    ]
    guard let overhead = context.timingOverhead, let relative = overhead.relative.value.value else {
      return facts
    }
    return facts + [
      HTMLFact(
        "timing itself",
        "adds \(Figures.percent(relative)) % to a page of \(overhead.backing) (\(overhead.blocks) blocks)")
    ]
  }

  static func warnings(_ run: ChartRun) -> [HTMLWarning] {
    let recorded = run.context?.warnings ?? []
    let (path, name) = (run.name, HTMLReport.name(run))
    func short(_ text: String) -> String { path.isEmpty ? text : text.replacing(path, with: name) }
    return run.findings.map { HTMLWarning($0.severity.word, short($0.what), $0.remedy.map(short)) }
      + recorded.map { HTMLWarning($0.severity, $0.what, $0.remedy) }
  }
}

extension HTMLWarning {
  fileprivate init(_ severity: String, _ what: String, _ remedy: String?) {
    self.init(
      severity: XMLText.plain(severity), what: XMLText.plain(what), remedy: remedy.map(XMLText.plain))
  }
}
