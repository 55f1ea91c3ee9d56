// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage

/// Holds the idle states of all CPUs off, as PM QoS offers it: as long as `/dev/cpu_dma_latency` is open with 0 written to
/// it, an idle CPU polls, and an interrupt wakes it at once. It ends when the descriptor is closed, which the kernel does
/// for a process that is killed.
public struct IdleStatesOff: ~Copyable {
  private static let path = "/dev/cpu_dma_latency"
  private static let driver = "/sys/devices/system/cpu/cpuidle/current_driver"

  private let descriptor: Int32

  /// Why that has no effect here, or is not allowed; nil where neither.
  public static func refusal(files: SystemFiles = SystemFiles()) -> Refusal? {
    guard let driver = files.line(driver), driver != "none" else {
      return .unsupported(
        "the kernel chooses no idle states here (no cpuidle driver): there is nothing to hold off")
    }
    return files.writeRefusal(path).map { .unsupported("\(path): \($0)", remedy: "root") }
  }

  public init() throws(Refusal) {
    let opened = open(Self.path, O_RDWR | O_CLOEXEC)
    var latency: Int32 = 0
    let written = opened < 0 ? -1 : write(opened, &latency, MemoryLayout<Int32>.size)
    guard written == MemoryLayout<Int32>.size else {
      let error = Errno(rawValue: errno)
      if opened >= 0 { close(opened) }
      throw .failed(call: Self.path, error)
    }
    descriptor = opened
  }

  deinit { close(descriptor) }
}
