// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@Test func unboundedIsNotFinite() { #expect(!Interval.unbounded.isFinite) }
