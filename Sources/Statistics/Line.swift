// SPDX-License-Identifier: Apache-2.0

/// A straight line, y = intercept + slope × x.
public struct Line: Hashable, Sendable {
  public let intercept: Double
  public let slope: Double

  /// The line of least squared distances in y; nil unless two x differ.
  public init?(through points: [(x: Double, y: Double)]) {
    guard !points.isEmpty else { return nil }
    let count = Double(points.count)
    let meanX = points.reduce(0) { $0 + $1.x } / count
    let meanY = points.reduce(0) { $0 + $1.y } / count
    let spread = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
    guard spread > 0 else { return nil }
    slope = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) } / spread
    intercept = meanY - slope * meanX
  }
}
