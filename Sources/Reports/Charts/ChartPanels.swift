// SPDX-License-Identifier: Apache-2.0
import Model

/// Rows that one set of axes shows: the same operation at the same point but for what its arms differ in.
struct ChartPanel {
  /// `fault-in touch`, and where it departs from the plain case.
  let title: String
  let rows: [ChartRow]
  /// What each row is called beside the others, in their order.
  let labels: [String]

  var unit: String { rows.first?.unit ?? "" }
  var isStolen: Bool { rows.allSatisfy(\.isStolen) }

  /// The rows with a figure, by operation and then by what they share without some axes; in the order of the run.
  static func all(_ rows: [ChartRow], apart axes: [Axis]) -> [ChartPanel] {
    grouped(rows) { row in
      let point = axes.reduce(row.key) { $0.without($1) }.text
      return Place(
        benchmark: row.benchmark, operation: row.operation, unit: row.unit,
        point: row.key.isOurs ? point : "")
    }
    .map { members in
      ChartPanel(
        title: title(members, among: rows.filter { $0.title == members.first?.title }),
        rows: members, labels: labels(members))
    }
  }

  /// The same by operation alone.
  static func operations(_ rows: [ChartRow]) -> [ChartPanel] {
    grouped(rows) {
      Place(benchmark: $0.benchmark, operation: $0.operation, unit: $0.unit, point: "")
    }
    .map { members in
      ChartPanel(title: members.first?.title ?? "", rows: members, labels: labels(members))
    }
  }

  private struct Place: Hashable {
    var benchmark: String
    var operation: String
    var unit: String
    var point: String
  }

  private static func grouped(_ rows: [ChartRow], by place: (ChartRow) -> Place) -> [[ChartRow]] {
    var order: [Place] = []
    var members: [Place: [ChartRow]] = [:]
    for row in rows {
      let place = place(row)
      if members[place] == nil { order.append(place) }
      members[place, default: []].append(row)
    }
    return order.compactMap { members[$0] }
  }

  /// What a legend has for each row: colour and mark by backing, another mark and dashes for a second row of one backing.
  func entries(counting: Bool = false) -> [PlotFrame.Entry] {
    var seen: [Int: Int] = [:]
    return rows.enumerated().map { index, row in
      let colour = row.colour(index)
      let variant = seen[colour, default: 0]
      seen[colour] = variant + 1
      let count = counting ? " (\(Figures.count(row.blocks.count)))" : ""
      return PlotFrame.Entry(
        label: labels[index] + count, colour: colour,
        mark: Mark.allCases[(colour + variant * 3) % Mark.allCases.count], isDashed: variant > 0)
    }
  }

  /// Axes that a title or a label may name; benchmark, operation and backing have words of their own.
  private static let named = Axis.all.filter { !Axis.bare.contains($0) }

  /// The backing, and the value on every other axis on which the rows differ.
  static func labels(_ rows: [ChartRow]) -> [String] {
    let varying = named.filter { axis in Set(rows.map { $0.key[axis] }).count > 1 }
    return rows.map { row in
      guard row.key.isOurs else { return row.backingLabel }
      let parts = varying.compactMap { axis in row.key[axis].map { "\(axis.name)=\($0)" } }
      return ([row.backingLabel] + parts.map(XMLText.plain)).joined(separator: " ")
    }
  }

  /// What the rows share: the state of the others always, and elsewhere what differs in the run or is not neutral.
  private static func title(_ rows: [ChartRow], among all: [ChartRow]) -> String {
    guard let first = rows.first else { return "" }
    let shared = named.filter { axis in
      guard Set(rows.map { $0.key[axis] }).count == 1, let value = first.key[axis] else { return false }
      let differs = Set(all.map { $0.key[axis] }).count > 1
      return axis == .others || differs || !(neutral[axis.name]?.contains(value) ?? false)
    }
    let parts = shared.compactMap { axis in first.key[axis].map { "\(axis.name)=\($0)" } }
    return ([first.title] + parts.map(XMLText.plain)).joined(separator: ", ")
  }

  private static let neutral: [String: Set<String>] = {
    let plain = Case("", "", .anonymous, pages: 0)
    var values = Dictionary(
      named.compactMap { axis in axis.text(of: plain).map { (axis.name, Set([$0])) } }
    ) { first, _ in first }
    values[Axis.others.name] = []
    return values
  }()
}

extension ChartRow {
  /// Its colour and mark; `fallback` where the backing is none of ours.
  func colour(_ fallback: Int) -> Int { ChartStyle.index(ofBacking: backing, fallback: fallback) }
}
