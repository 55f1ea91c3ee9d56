// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@Suite struct CPUSetTests {
  @Test func sortsAndDropsDuplicates() { #expect(CPUSet([3, 1, 1]).members == [1, 3]) }

  @Test(arguments: [
    ("0", [0]), ("0-3,8\n", [0, 1, 2, 3, 8]), ("5,1-2", [1, 2, 5]), ("1-3,2-4", [1, 2, 3, 4]), ("", []),
    (" \n", []),
  ])
  func readsKernelLists(list: String, members: [Int]) { #expect(CPUSet(list: list)?.members == members) }

  @Test(arguments: [
    "a", "1-", "-1", "3-1", "1,,2", "1,", "1-2-3", "(null)", "0-10:2/4", "0-4000000000",
    "99999999999999999999", "+1",
    "1, 2",
  ])
  func refusesAnythingElse(list: String) { #expect(CPUSet(list: list) == nil) }

  @Test(arguments: ["", "0", "0-1", "0-3,8", "1,3,5-7,63-64"])
  func describesInKernelNotation(list: String) throws {
    #expect(try #require(CPUSet(list: list)).description == list)
  }

  @Test func doesSetAlgebra() {
    let set = CPUSet(0..<6)
    let odd = CPUSet([1, 3, 9])
    #expect(set.subtracting(odd).members == [0, 2, 4, 5])
    #expect(set.intersection(odd).members == [1, 3])
    #expect(!odd.isSubset(of: set))
    #expect(CPUSet([1]).isSubset(of: set))
    #expect(set.contains(5) && !set.contains(6))
    #expect(set.count == 6 && !set.isEmpty && CPUSet([]).isEmpty)
  }
}
