// SPDX-License-Identifier: Apache-2.0
import CKernel
import Model
public import SystemPackage

/// Where the calling thread may run. The process stays single-threaded, so the thread is the process.
public enum Affinity {
  /// The mask's size for kernels up to 65,536 CPUs; the system call refuses masks smaller than its own.
  private static let words = 65_536 / UInt.bitWidth

  /// The calling thread's CPUs; nil when the kernel does not say.
  public static func current() -> CPUSet? {
    var mask = [UInt](repeating: 0, count: words)
    let written = mask.withUnsafeMutableBytes { bytes in
      ckernel_affinity_get(bytes.baseAddress?.assumingMemoryBound(to: UInt.self), bytes.count)
    }
    guard written > 0 else { return nil }
    var cpus: [Int] = []
    for (word, bits) in mask.enumerated() where bits != 0 {
      for bit in 0..<UInt.bitWidth where bits >> UInt(bit) & 1 != 0 {
        cpus.append(word * UInt.bitWidth + bit)
      }
    }
    return CPUSet(cpus)
  }

  /// Confines the calling thread to one CPU.
  public static func pin(toCPU cpu: Int) throws(Errno) { try set(CPUSet([cpu])) }

  /// Gives the calling thread back the CPUs that `current()` returned before. Best effort: a CPU set that has
  /// been taken away meanwhile leaves the thread where it is.
  public static func restore(_ cpus: CPUSet) { try? set(cpus) }

  private static func set(_ cpus: CPUSet) throws(Errno) {
    var mask = [UInt](repeating: 0, count: words)
    for cpu in cpus.members {
      guard cpu >= 0, cpu / UInt.bitWidth < mask.count else { throw .invalidArgument }
      mask[cpu / UInt.bitWidth] |= 1 << UInt(cpu % UInt.bitWidth)
    }
    let status = mask.withUnsafeBytes { bytes in
      ckernel_affinity_set(bytes.baseAddress?.assumingMemoryBound(to: UInt.self), bytes.count)
    }
    if status < 0 { throw Errno(rawValue: -status) }
  }
}
