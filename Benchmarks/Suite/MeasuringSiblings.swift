// SPDX-License-Identifier: Apache-2.0
import Model

/// What becomes of the measuring CPUs' SMT siblings.
///
/// How it can mislead: a flush that reaches an idle CPU may wait until it wakes, so that `--others spin` alone does not
/// take every such wait away. A sibling that spins takes part of the core from the measuring thread, and all that this
/// does is slower. One that is offline is neither, but a flush then reaches one CPU less.
struct MeasuringSiblings {
  private let state: SiblingState
  private let topology: Topology

  init(_ state: SiblingState, _ topology: Topology) {
    self.state = state
    self.topology = topology
  }

  private func online(beside cpu: Int) -> CPUSet {
    topology.siblings(of: cpu).intersection(topology.online)
  }

  /// Those that a process of ours holds.
  func held(beside cpu: Int) -> CPUSet { state == .spin ? online(beside: cpu) : CPUSet([]) }

  /// Throws where the state asked for has no meaning here, or cannot be had.
  ///
  /// - Parameter quota: CPUs' worth of time; nil: no limit.
  func check(beside cpu: Int, quota: Double?) throws(SessionFailure) {
    guard state != .idle else { return }
    let siblings = online(beside: cpu)
    guard !siblings.isEmpty else {
      throw .usage("--sibling \(state.rawValue): CPU \(cpu) has no SMT sibling that is online")
    }
    guard state == .spin else { return }
    let forbidden = siblings.subtracting(topology.allowed)
    guard forbidden.isEmpty else {
      throw .refused(
        .failed(
          "--sibling spin: this process may not run on CPU \(forbidden), the SMT sibling of CPU \(cpu) (taskset -p)"
        ))
    }
    if let quota, Int(quota) < 1 + siblings.count {
      throw .refused(
        .failed(
          "--sibling spin: the CPU quota is \(quota), and CPU \(cpu) with its SMT siblings takes \(1 + siblings.count)"
        ))
    }
  }

  /// What the run says of their state; nil where there are none.
  func finding(beside cpu: Int) -> Finding? {
    let siblings = online(beside: cpu)
    guard !siblings.isEmpty else { return nil }
    let name = "CPU \(siblings), the SMT sibling of the measuring CPU \(cpu),"
    return switch state {
    case .idle:
      Finding(
        .note, "\(name) is left idle, with --others spin too: a flush may wait until it wakes",
        remedy: "--sibling spin, or --sibling offline")
    case .spin: Finding(.note, "\(name) spins: the measuring thread has part of its core")
    case .offline: Finding(.note, "\(name) is taken offline while a block runs: a flush does not reach it")
    }
  }
}
