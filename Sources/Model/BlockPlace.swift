// SPDX-License-Identifier: Apache-2.0

/// Where a block that counts stood in its run.
public struct BlockPlace: Hashable, Sendable {
  /// What it shares with blocks of other cases; unique in a series.
  public var round: Int
  /// The pass that the round belongs to, from 1; nil where the run had none.
  public var pass: Int?
  /// What the machine was like in that round.
  public var probes: Probes

  public init(round: Int, pass: Int? = nil, probes: Probes = Probes()) {
    self.round = round
    self.pass = pass
    self.probes = probes
  }
}
