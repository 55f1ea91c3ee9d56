// SPDX-License-Identifier: Apache-2.0
import CHelpers
import CKernel
import Glibc
import GuestMemory
import Model

/// One process that holds one CPU; ends with its owner.
public struct BystanderProcess: ~Copyable {
  let cpu: Int
  private let pid: pid_t
  private let control: Region

  private init(cpu: Int, pid: pid_t, control: consuming Region) {
    self.cpu = cpu
    self.pid = pid
    self.control = control
  }

  static func start(program: String, cpu: Int, clock: ckernel_clock) throws(Refusal) -> BystanderProcess {
    let file = try MemoryFile.memfd(bytes: Int(CHELPERS_BYSTANDER_BYTES))
    let control = try Region.mapping(file)
    let pid = try check(
      chelpers_bystander_spawn(program, Int32(cpu), clock, file.descriptor.number), "starting a bystander")
    return BystanderProcess(cpu: cpu, pid: pid, control: control)
  }

  deinit { ckernel_process_end(pid) }

  private var shared: UnsafeMutablePointer<chelpers_bystander> {
    control.base.assumingMemoryBound(to: chelpers_bystander.self)
  }

  func command(_ command: chelpers_bystander_command) throws(Refusal) {
    try check(
      chelpers_bystander_command(shared, pid, command.rawValue), "the bystander on CPU \(cpu) does not answer"
    )
  }

  func read() -> chelpers_bystander_counts { chelpers_bystander_read(shared) }

  var isAlive: Bool { ckernel_process_lives(pid) != 0 }

  var lastBeat: chelpers_bystander_beat { chelpers_bystander_last_beat(shared) }

  /// The lengths of gaps number `from` to `to`, in ticks; of many, the latest.
  func lengths(from: UInt64, to: UInt64) -> [UInt64] {
    let shared = self.shared
    return [UInt64](unsafeUninitializedCapacity: Int(CHELPERS_BYSTANDER_LENGTHS)) { buffer, count in
      count = buffer.baseAddress.map { chelpers_bystander_lengths(shared, from, to, $0) } ?? 0
    }
  }

  /// What the process itself does, to its end: the arguments are those that it was started with.
  ///
  /// - Returns: whether it ended as it was told to.
  public static func serve(cpu: Int32, clock: UInt32, parent: pid_t) -> Bool {
    chelpers_bystander_main(cpu, ckernel_clock(rawValue: clock), parent) == 0
  }
}

extension BusyState? {
  var command: chelpers_bystander_command {
    switch self {
    case nil: CHELPERS_BYSTANDER_IDLE
    case .spin: CHELPERS_BYSTANDER_SPIN
    case .syscall: CHELPERS_BYSTANDER_SYSCALL
    case .walk: CHELPERS_BYSTANDER_WALK
    case .vcpu: CHELPERS_BYSTANDER_VCPU
    }
  }
}
