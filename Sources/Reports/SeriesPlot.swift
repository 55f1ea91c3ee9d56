// SPDX-License-Identifier: Apache-2.0
import Analysis

/// A series drawn in characters: `•` a run's p50, `│` its interval, one after the other in the order of time, as far
/// apart as the width allows; several share a column where it does not. Below the axis, `×` is a run without a figure
/// and `▲` the first of another kernel.
struct SeriesPlot {
  private static let height = 12
  private static let leastWidth = 10

  private let points: [SeriesPoint]
  private let labels: [String]
  private let columns: Int
  private let low: Double
  private let high: Double

  init(_ points: [SeriesPoint], unit: String, width: Int) {
    self.points = points
    let values = points.compactMap(\.value)
    let bounds =
      values.map(\.value)
      + values.filter(\.interval.isFinite).flatMap { [$0.interval.low, $0.interval.high] }
    (low, high) = (bounds.min() ?? 0, bounds.max() ?? 0)
    let texts = [high, low].map { Figures.amount($0, unit: unit) }
    let longest = texts.map(\.count).max() ?? 0
    labels = texts.map { String(repeating: " ", count: longest - $0.count) + $0 }
    columns = max(Self.leastWidth, width - longest - 2)
  }

  /// Empty without a figure.
  func render() -> String {
    guard points.contains(where: { $0.value != nil }) else { return "" }
    var cells = Array(repeating: Array(repeating: Character(" "), count: columns), count: Self.height)
    for (index, point) in points.enumerated() {
      guard let value = point.value, value.interval.isFinite else { continue }
      for row in row(value.interval.high)...row(value.interval.low) { cells[row][column(index)] = "│" }
    }
    for (index, point) in points.enumerated() {
      if let value = point.value?.value { cells[row(value)][column(index)] = "•" }
    }
    let blank = String(repeating: " ", count: labels[0].count)
    var lines = cells.enumerated().map { row, cells in
      let label = row == 0 ? labels[0] : row == Self.height - 1 ? labels[1] : blank
      return "\(label) \(row == 0 || row == Self.height - 1 ? "┤" : "│")\(String(cells))"
    }
    lines.append("\(blank) └" + String(repeating: "─", count: columns))
    lines += marks.map { "\(blank)  \($0)" }
    lines.append("\(blank)  " + dates)
    return "\n" + lines.map { $0.trimmingBlanks + "\n" }.joined() + changes
  }

  private func column(_ index: Int) -> Int {
    points.count == 1 ? columns / 2 : index * (columns - 1) / (points.count - 1)
  }

  /// From the top. Where nothing differs everything is on one line.
  private func row(_ value: Double) -> Int {
    guard high > low else { return Self.height / 2 }
    return Int(((high - value) / (high - low) * Double(Self.height - 1)).rounded())
  }

  /// Of runs whose kernel is not that of the run before.
  private var newKernels: [Int] {
    points.indices.dropFirst().filter { points[$0].kernelRelease != points[$0 - 1].kernelRelease }
  }

  private var marks: [String] {
    let missing = points.indices.filter { points[$0].value == nil }
    return [(missing, Character("×")), (newKernels, "▲")].filter { !$0.0.isEmpty }.map { indices, mark in
      var line = Array(repeating: Character(" "), count: columns)
      for index in indices { line[column(index)] = mark }
      return String(line)
    }
  }

  private var dates: String {
    let ends = [points.first, points.last].map { String($0?.startedAt.prefix(10) ?? "") }
    let gap = columns - ends[0].count - ends[1].count
    return points.count == 1 || gap < 1 ? ends[0] : ends[0] + String(repeating: " ", count: gap) + ends[1]
  }

  private var changes: String {
    newKernels.map { index in
      "▲ \(points[index].startedAt): Linux \(points[index - 1].kernelRelease) to \(points[index].kernelRelease)\n"
    }.joined()
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
