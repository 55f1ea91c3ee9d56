// SPDX-License-Identifier: Apache-2.0
import Model

/// The charts that `gmembench plot` draws of a run.
public enum ChartKind: String, CaseIterable, Sendable {
  /// The ratio of every arm to its baseline.
  case overview
  /// The medians of blocks in order of time.
  case blocks
  /// The distribution of each arm.
  case ecdf
  /// Cost against CPUs online.
  case scaling
  /// Cost against the number of threads.
  case threads
  /// Cost against pages a call.
  case batch
  /// Distributions of the time taken from CPUs that take no part.
  case bystanders
  /// The median for each pair of nodes.
  case nodes

  /// A whole SVG file, with a style for light and dark of its own. Where the run has nothing for it, the image says so.
  ///
  /// - Parameter width: in pixels, of the image before it is scaled.
  public func svg(_ run: ChartRun, width: Double = 960) -> String {
    switch self {
    case .overview:
      var chart = OverviewChart(run, width: width)
      return chart.render(id: "gmb")
    case .blocks: return BlocksChart.render(run.rows, width: width, id: "gmb")
    case .ecdf: return DistributionChart.render(run.rows, width: width, id: "gmb")
    case .scaling: return CurveChart.render(run.rows, axis: .online, width: width, id: "gmb")
    case .threads: return CurveChart.render(run.rows, axis: .threads, width: width, id: "gmb")
    case .batch: return CurveChart.render(run.rows, axis: .batch, width: width, id: "gmb")
    case .nodes: return NodesChart.render(run.rows, width: width, id: "gmb")
    case .bystanders:
      return DistributionChart.render(
        run.rows.filter(\.isStolen), width: width, id: "gmb",
        title: "Time taken from CPUs that take no part (cumulative)")
    }
  }
}
