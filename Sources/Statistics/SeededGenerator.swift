// SPDX-License-Identifier: Apache-2.0

/// xoshiro256** (Blackman & Vigna 2018), its state filled by SplitMix64 as its authors recommend.
///
/// The same seed gives the same sequence on every machine and with every version of Swift, so a run's order can
/// be repeated from the seed in its results. `shuffled(using:)` adds the standard library's own algorithm on
/// top; the sequence of `next()` is what is promised here. Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator at the start of the seed's sequence. Every seed is good, 0 included.
  public init(seed: UInt64) {
    var filler = SplitMix64(state: seed)
    self.init(state: (filler.next(), filler.next(), filler.next(), filler.next()))
  }

  /// A generator in a given state, which must not be all zero: that state never leaves itself.
  init(state: (UInt64, UInt64, UInt64, UInt64)) {
    self.state = state
  }

  /// The next 64 bits. O(1).
  public mutating func next() -> UInt64 {
    let result = rotated(state.1 &* 5, left: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotated(state.3, left: 45)
    return result
  }
}

/// SplitMix64 (Steele, Lea & Flood 2014): turns close seeds into unrelated states.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

private func rotated(_ value: UInt64, left count: UInt64) -> UInt64 {
  (value << count) | (value >> (64 - count))
}
