// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import Model
import SystemPackage

/// Holds the idle states of all CPUs off, as PM QoS offers it: as long as `/dev/cpu_dma_latency` is open with 0 written to
/// it, an idle CPU polls, and an interrupt wakes it at once. It ends when the descriptor is closed, which the kernel does
/// for a process that is killed.
public struct IdleStatesOff: ~Copyable {
  private static let path = "/dev/cpu_dma_latency"
  private static let driver = "/sys/devices/system/cpu/cpuidle/current_driver"

  private let file: ControlFile

  /// Why that has no effect here, or is not allowed; nil where neither.
  public static func refusal(files: SystemFiles = SystemFiles()) -> Refusal? {
    guard let driver = files.line(driver), driver != "none" else {
      return .unsupported(
        "the kernel chooses no idle states here (no cpuidle driver): there is nothing to hold off")
    }
    return files.writeRefusal(path).map { .unsupported("\(path): \($0)", remedy: "root") }
  }

  public init() throws(Refusal) {
    do throws(Errno) {
      let file = try ControlFile(Self.path)
      var latency: Int32 = 0
      let size = MemoryLayout<Int32>.size
      guard write(file.descriptor, &latency, size) == size else { throw Errno(rawValue: errno) }
      self.file = file
    } catch { throw .failed(call: Self.path, error) }
  }
}
