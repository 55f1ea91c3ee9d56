// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

/// Judges the histories that scripts/history-simulation makes, night by night as `history check` does; the script
/// compares what is found with the truth and with apache-otava (Results/history/README.md).
struct HistorySimulation {
  static let folder = ProcessInfo.processInfo.environment["GMEMBENCH_HISTORIES"]

  @Test(.enabled(if: folder != nil, "GMEMBENCH_HISTORIES names a folder of histories"))
  func nightByNight() throws {
    let folder = URL(filePath: try #require(Self.folder))
    let lines = try String(contentsOf: folder.appending(path: "series.csv"), encoding: .utf8).split(
      separator: "\n")
    #expect(!lines.isEmpty)
    var alarms = ""
    for line in lines {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      let nights = cells.indices.dropFirst().filter { !cells[$0].isEmpty }
      let values = nights.compactMap { Double(cells[$0]) }
      #expect(values.count == nights.count && values.count > 1, "history \(cells[0])")
      var known: [ChangePoint] = []
      for count in values.indices.map({ $0 + 1 }) {
        let points = try #require(changePoints(in: Array(values[..<count])))
        for point in points where !known.contains(where: point.isSame) {
          known.append(point)
          // The first cell is the history's number.
          let direction = point.ratio.value > 1 ? 1 : -1
          alarms += "\(cells[0]),\(nights[count - 1] - 1),\(nights[point.index] - 1),\(direction)\n"
        }
      }
    }
    try alarms.write(to: folder.appending(path: "gmembench.csv"), atomically: true, encoding: .utf8)
  }
}
