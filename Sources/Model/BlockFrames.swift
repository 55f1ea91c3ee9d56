// SPDX-License-Identifier: Apache-2.0

/// The frames of a block's memory, by who had them before.
public struct BlockFrames: Codable, Hashable, Sendable {
  /// Nobody in this process.
  public var new: Int
  /// The block that was measured just before, whatever its case.
  public var ofBlockBefore: Int

  public init(new: Int, ofBlockBefore: Int) {
    self.new = new
    self.ofBlockBefore = ofBlockBefore
  }
}
