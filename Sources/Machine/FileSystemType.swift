// SPDX-License-Identifier: Apache-2.0

extension SystemFiles {
  /// The type of the file system that an open file of this process was opened on, such as `ext4`: by its mount, since
  /// statfs(2) may answer for another (9p hands on what its server's file system says). Nil where /proc does not tell.
  public func fileSystemType(ofDescriptor number: Int32) -> String? {
    let info = text("/proc/self/fdinfo/\(number)")?.split(separator: "\n") ?? []
    guard let row = info.first(where: { $0.hasPrefix("mnt_id:") }),
      let mount = row.split(whereSeparator: \.isWhitespace).last
    else { return nil }
    // A row of mountinfo: `id parent major:minor root point options [optional…] - type source super`.
    for row in text("/proc/self/mountinfo")?.split(separator: "\n") ?? [] {
      let words = row.split(separator: " ")
      guard words.first == mount, let dash = words.dropFirst(6).firstIndex(of: "-"), words.count > dash + 1
      else { continue }
      return String(words[dash + 1])
    }
    return nil
  }
}
