// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import TestSupport
import Testing

@Suite("the file system of an open file") struct FileSystemTypeTests {
  private static let mounts =
    "1 1 254:0 / / rw - ext4 /dev/vda rw\n"
    + "22 1 0:20 / /a\\040b rw,relatime shared:4 master:2 - 9p root rw\n"
    + "2 1 0:21 / /tmp rw - tmpfs tmpfs rw\n"

  @Test(arguments: [("1", "ext4"), ("22", "9p"), ("2", "tmpfs"), ("3", nil)])
  func isThatOfItsMount(mount: String, type: String?) {
    let tree = RecordedTree([
      "/proc/self/fdinfo/7": "pos:\t0\nflags:\t02100000\nmnt_id:\t\(mount)\nino:\t4\n",
      "/proc/self/mountinfo": Self.mounts,
    ])
    #expect(tree.files.fileSystemType(ofDescriptor: 7) == type)
    #expect(tree.files.fileSystemType(ofDescriptor: 8) == nil)
  }

  @Test func procIsOnProc() throws {
    let file = open("/proc/self/status", O_RDONLY)
    defer { close(file) }
    try #require(file >= 0)
    #expect(SystemFiles().fileSystemType(ofDescriptor: file) == "proc")
  }
}
