// SPDX-License-Identifier: Apache-2.0

/// When enough blocks were measured.
public struct StoppingRule: Hashable, Sendable {
  /// Blocks before the first look; below six no 95 % interval is finite.
  public static let leastBlocks = 8
  private static let blocksBetweenLooks = 4

  /// Relative half-width asked for.
  public let precision: Double
  private var lastBlock: Int?

  public init(precision: Double) {
    self.precision = precision
  }

  /// Whether the interval is looked at after so many blocks.
  public func looks(atBlocks blocks: Int) -> Bool {
    blocks >= Self.leastBlocks && blocks % Self.blocksBetweenLooks == 0
  }

  /// Whether to stop, after a look.
  public mutating func isEnough(blocks: Int, relativeHalfWidth: Double) -> Bool {
    if lastBlock == nil, relativeHalfWidth <= precision { lastBlock = blocks + max(4, blocks / 4) }
    return lastBlock.map { blocks >= $0 } ?? false
  }

  /// Blocks in all that the precision takes, if the width goes on as 1/√n.
  public func blocksNeeded(blocks: Int, relativeHalfWidth: Double) -> Int {
    guard relativeHalfWidth.isFinite, precision > 0 else { return max(2 * blocks, Self.leastBlocks) }
    let factor = relativeHalfWidth / precision
    return Int(min(Double(blocks) * factor * factor, 1e9).rounded(.up))
  }
}
