// SPDX-License-Identifier: Apache-2.0
import Model

extension DirectMapSizes {
  public static func read(_ files: SystemFiles = SystemFiles()) -> DirectMapSizes {
    let text = files.text("/proc/meminfo") ?? ""
    return DirectMapSizes(
      kib4: SystemFiles.kibibytes("DirectMap4k", inText: text),
      mib2: SystemFiles.kibibytes("DirectMap2M", inText: text),
      gib1: SystemFiles.kibibytes("DirectMap1G", inText: text))
  }
}

/// `MemAvailable` of `/proc/meminfo`, in bytes: what can be allocated without swapping. Nil when unreadable.
public func availableMemory(files: SystemFiles = SystemFiles()) -> Int64? {
  files.kibibytes("MemAvailable", in: "/proc/meminfo")
}
