// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Model

struct CaseKeyTextTests {
  private let text =
    "tlb-flush/flush-cost/memfd_secret/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=0/others=spin/flush=off"

  @Test func everyAxisIsReadByItsName() {
    let key = CaseKey(text)
    #expect(key.isOurs && key.text == text)
    #expect(
      key[.benchmark] == "tlb-flush" && key[.operation] == "flush-cost" && key[.backing] == "memfd_secret")
    #expect(key[.pages] == "512" && key[.flush] == "off" && key[.others] == "spin")
    // Keys of schema 1 say nothing of the state.
    #expect(key[.state] == nil)
  }

  @Test func axesAreReplacedAndLeftOut() {
    let key = CaseKey(text)
    #expect(key.with(.backing, "memfd").text == text.replacing("memfd_secret", with: "memfd"))
    #expect(key.with(.flush, "on").text == text.replacing("flush=off", with: "flush=on"))
    #expect(key.without(.flush).text == text.replacing("/flush=off", with: ""))
    #expect(key.without(.state) == key && key.with(.state, "warm") == key)
  }

  @Test(arguments: ["redis, get", "", "/", "a/b/c", "x//y"])
  func otherKeysStayAsTheyAre(text: String) {
    let key = CaseKey(text)
    #expect(key.text == text && !key.isOurs && key[.pages] == nil)
    #expect(key.without(.pages).text == text)
  }
}
