// SPDX-License-Identifier: Apache-2.0
import Machine
import Testing

@Test func cpuSetSorts() { #expect(CPUSet([3, 1, 1]).members == [1, 3]) }
