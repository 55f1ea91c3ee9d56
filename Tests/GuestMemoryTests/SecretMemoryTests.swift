// SPDX-License-Identifier: Apache-2.0
import Glibc
import GuestMemory
import Model
import Testing

/// memfd_secret's ENOSYS has three causes.
@Suite("memfd_secret's absence")
struct SecretMemoryTests {
  private func reason(
    _ files: [String: String], architecture: String = "x86_64", result: Int32 = -ENOSYS
  ) -> String? {
    do throws(Refusal) {
      try SecretMemory.check(
        kernelRelease: "6.1", architecture: architecture, probe: { result }, read: { files[$0] })
      return nil
    } catch {
      return error.description
    }
  }

  private let parameter = "/sys/module/secretmem/parameters/enable"

  @Test func notBuilt() { #expect(reason([:])?.contains("not built") == true) }

  @Test func switchedOff() { #expect(reason([parameter: "N\n"])?.contains("secretmem.enable=1") == true) }

  @Test func impossibleOnTheArchitecture() {
    #expect(reason([parameter: "Y\n"], architecture: "aarch64")?.contains("rodata=full") == true)
  }

  @Test func anotherErrorIsAFailure() {
    #expect(reason([:], result: -EMFILE)?.contains("open files") == true)
  }

  @Test func present() { #expect(reason([:], result: 0) == nil) }
}
