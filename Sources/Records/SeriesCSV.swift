// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model
import Statistics

/// Series as CSV (RFC 4180): one line a point, by series and in the order of time; empty means absent or infinite.
/// `p50` and its 95 % interval are in `unit`, `ratio` is against the baseline of the run; `run_status` is `complete`
/// or `partial`, `status` what became of the case.
public enum SeriesCSV {
  /// The columns' names in their order.
  public static let columns = [
    "machine_key", "case", "unit", "run_id", "started_at", "run_status", "kernel_release", "status", "reason",
    "blocks", "p50", "p50_low", "p50_high", "ratio", "ratio_low", "ratio_high",
  ]

  /// The whole file.
  public static func bytes(of histories: [(series: Series, points: [SeriesPoint])]) -> [UInt8] {
    var text = CSVText()
    text.line(columns)
    for (series, points) in histories {
      for point in points {
        for field in [
          series.machineKey, series.key, series.unit, point.runID, point.startedAt, point.runStatus,
          point.kernelRelease, point.status, point.reason,
        ] {
          text.field(field)
        }
        text.field(point.blocks)
        for estimate in [point.value, point.ratio] {
          text.field(estimate?.value)
          text.field(estimate?.interval.low)
          text.field(estimate?.interval.high)
        }
        text.endLine()
      }
    }
    return text.bytes
  }

  /// Writes them, a file as a whole or not at all.
  public static func write(
    _ histories: [(series: Series, points: [SeriesPoint])], to destination: Destination
  ) throws(SinkFailure) {
    try destination.write(bytes(of: histories))
  }
}
