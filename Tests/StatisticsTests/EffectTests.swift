// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

struct EffectTests {
  @Test func pairsThatDoubleHaveARatioOfTwo() throws {
    let pairs = (1...8).map { (baseline: Double($0), value: 2 * Double($0)) }
    let effect = try #require(pairedEffect(pairs))
    #expect(effect.isPaired)
    #expect(effect.shift == hodgesLehmannCenter((1...8).map(Double.init)))
    let ratio = try #require(effect.ratio)
    #expect(isClose(ratio.value, 2))
    #expect(ratio.interval.low == ratio.interval.high && ratio.interval.low == ratio.value)
  }

  @Test func unpairedArmsAreComparedAcross() throws {
    let baseline: [Double] = [1, 2, 4, 8, 16]
    let effect = try #require(unpairedEffect(baseline: baseline, values: baseline.map { $0 * 4 }))
    #expect(!effect.isPaired)
    #expect(effect.shift == hodgesLehmannShift(from: baseline, to: baseline.map { $0 * 4 }))
    let ratio = try #require(effect.ratio)
    #expect(isClose(ratio.value, 4))
    // The third smallest and third largest of 25 quotients 2^-2…2^6 (U of 2 at 5 and 5).
    #expect(isClose(ratio.interval.low, 0.5) && isClose(ratio.interval.high, 32))
  }

  @Test(arguments: [0.0, -1.0])
  func valuesWithoutARatioStillHaveAShift(value: Double) {
    let pairs = (1...6).map { (baseline: Double($0), value: $0 == 3 ? value : 10) }
    #expect(pairedEffect(pairs)?.ratio == nil)
    #expect(pairedEffect(pairs)?.shift.interval.isFinite == true)
    let effect = unpairedEffect(baseline: pairs.map(\.value), values: pairs.map(\.baseline))
    #expect(effect != nil && effect?.ratio == nil)
  }

  @Test func tooFewValuesBoundNothing() {
    let effect = pairedEffect([(1, 2), (1, 2), (1, 2)])
    #expect(effect?.ratio?.interval == .unbounded)
    #expect(effect?.shift.interval == .unbounded)
    #expect(unpairedEffect(baseline: [1, 2, 3], values: [1, 2, 3])?.ratio?.interval == .unbounded)
  }

  @Test func withoutAnswer() {
    #expect(pairedEffect([]) == nil)
    #expect(pairedEffect([(1, .nan)]) == nil)
    #expect(unpairedEffect(baseline: [], values: [1]) == nil)
  }
}
