// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@Test func unboundedIsNotFinite() { #expect(!Interval.unbounded.isFinite) }

@Test func relativeHalfWidthIsAShareOfTheCentre() {
  #expect(Interval(low: 90, high: 110).relativeHalfWidth(around: 100) == 0.1)
  #expect(Interval(low: -110, high: -90).relativeHalfWidth(around: -100) == 0.1)
}

@Test func relativeHalfWidthClaimsNoPrecisionItDoesNotHave() {
  #expect(Interval.unbounded.relativeHalfWidth(around: 1) == .infinity)
  #expect(Interval(low: 0, high: .infinity).relativeHalfWidth(around: 1) == .infinity)
  #expect(Interval(low: -1, high: 1).relativeHalfWidth(around: 0) == .infinity)
  #expect(Interval(low: 1, high: 2).relativeHalfWidth(around: .nan) == .infinity)
}

@Test func anIntervalWithoutWidthIsPreciseEvenAroundZero() {
  #expect(Interval(low: 0, high: 0).relativeHalfWidth(around: 0) == 0)
}

@Test func enormousBoundsDoNotOverflow() {
  let greatest = Double.greatestFiniteMagnitude
  #expect(Interval(low: -greatest, high: greatest).relativeHalfWidth(around: greatest) == 1)
}
