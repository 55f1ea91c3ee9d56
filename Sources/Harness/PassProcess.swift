// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Model
import SystemPackage

/// What a run asks of the process of a pass, one at a time; each is answered.
enum PassQuestion: Codable {
  case begin([Case])
  case round(OperationReference, [Case], countsInterrupts: Bool)
  case standAside
  case endVisit
}

/// The answer; of readings the samples come beside it, in their order.
struct PassAnswer: Codable {
  enum Reading: Codable {
    case reading(BlockReading, samples: Int)
    case refusal(Refusal)
  }

  var probes = Probes()
  var readings: [Reading] = []
  var interruptSeconds = 0.0
  /// Why blocks no longer find their state.
  var stateRefusal: Refusal?
  /// Why the command could not be carried out.
  var refusal: Refusal?
}

/// Each pass in a process of its own, started anew: neither the layout of an address space nor what one pass left on
/// the allocator's lists is shared by all figures of a run, and a pass that dies costs that pass.
public final class PassProcess: PassMeasurer {
  /// For a pass to end in.
  private static let patienceNanoseconds: UInt64 = 30_000_000_000

  private let program: String
  private let arguments: [String]
  private var channel: MessageChannel?
  private var pid: pid_t?

  /// - Parameters:
  ///   - program: the executable to start.
  ///   - arguments: that have it serve a pass (`PassServer`) on the descriptor `CKERNEL_GIVEN_FD`.
  public init(program: String, arguments: [String]) {
    self.program = program
    self.arguments = arguments
    channel = nil
  }

  deinit { end() }

  public func beginPass(_ cases: [Case]) throws(Refusal) {
    end()
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw .failed(call: "socketpair", Errno(rawValue: errno))
    }
    let own = OwnedDescriptor(ends[0])
    let theirs = OwnedDescriptor(ends[1])
    let words = [program] + arguments + ["\(getpid())"]
    var argv = words.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    pid = try check(
      ckernel_process_spawn(program, &argv, [theirs.number], 1), "starting the process of a pass")
    channel = MessageChannel(own)
    // Its own copy is all that keeps the other end open.
    _ = consume theirs
    _ = try ask(.begin(cases))
  }

  public func measureRound(
    _ operation: OperationReference, _ cases: [Case], countsInterrupts: Bool
  ) throws(Refusal) -> RoundOutcome {
    let (answer, samples) = try ask(.round(operation, cases, countsInterrupts: countsInterrupts))
    var rest = samples[...]
    let readings = answer.readings.map { one -> Result<BlockReading, Refusal> in
      switch one {
      case .refusal(let refusal): return .failure(refusal)
      case .reading(var reading, let count):
        reading.samples = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        return .success(reading)
      }
    }
    return RoundOutcome(
      probes: answer.probes, readings: readings, interruptSeconds: answer.interruptSeconds,
      refusal: answer.stateRefusal)
  }

  public func standAside() throws(Refusal) { _ = try ask(.standAside) }

  public func endVisit() throws(Refusal) { _ = try ask(.endVisit) }

  public func endPass() { end() }

  private func ask(_ command: PassQuestion) throws(Refusal) -> (PassAnswer, [Double]) {
    switch channel {
    case .some(let channel):
      try channel.send(command)
      guard let (answer, samples) = try channel.receive(PassAnswer.self) else {
        throw .failed("its process ended\(ending())")
      }
      if let refusal = answer.refusal { throw refusal }
      return (answer, samples)
    case .none: throw .failed("its process is gone")
    }
  }

  /// How the process ended, in words; reaps it.
  private func ending() -> String {
    guard let pid else { return "" }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 { guard errno == EINTR else { return "" } }
    self.pid = nil
    let signal = status & 0x7f
    return signal == 0 ? " with status \(status >> 8 & 0xff)" : " by signal \(signal)"
  }

  /// It ends once nobody is at the other end, and puts back what it changed of the machine: one that does not end is
  /// killed.
  private func end() {
    channel = nil
    guard let pid else { return }
    let deadline = ckernel_clock_monotonic() + Self.patienceNanoseconds
    while true {
      let reaped = waitpid(pid, nil, WNOHANG)
      if reaped == pid || (reaped < 0 && errno != EINTR) { break }
      if ckernel_clock_monotonic() > deadline { kill(pid, SIGKILL) }
      usleep(1000)
    }
    self.pid = nil
  }
}

/// The other end: carries out what a run asks for, in this process.
public struct PassServer {
  private let pass: Pass
  public init(_ pass: Pass) { self.pass = pass }

  /// Returns once the run has closed its end.
  public func serve(_ descriptor: consuming OwnedDescriptor) throws(Refusal) {
    let channel = MessageChannel(descriptor)
    defer { pass.endPass() }
    while let (command, _) = try channel.receive(PassQuestion.self) {
      var answer = PassAnswer()
      var samples: [Double] = []
      do throws(Refusal) {
        try carryOut(command, &answer, &samples)
      } catch { answer.refusal = error }
      try channel.send(answer, samples: samples)
    }
  }

  private func carryOut(
    _ command: PassQuestion, _ answer: inout PassAnswer, _ samples: inout [Double]
  ) throws(Refusal) {
    switch command {
    case .begin(let cases): try pass.beginPass(cases)
    case .standAside: try pass.standAside()
    case .endVisit: try pass.endVisit()
    case .round(let reference, let cases, let countsInterrupts):
      let outcome = try pass.measureRound(reference, cases, countsInterrupts: countsInterrupts)
      answer.probes = outcome.probes
      answer.interruptSeconds = outcome.interruptSeconds
      answer.stateRefusal = outcome.refusal
      answer.readings = outcome.readings.map { result in
        switch result {
        case .failure(let refusal): return .refusal(refusal)
        case .success(var reading):
          let own = reading.samples
          samples += own
          reading.samples = []
          return .reading(reading, samples: own.count)
        }
      }
    }
  }
}
