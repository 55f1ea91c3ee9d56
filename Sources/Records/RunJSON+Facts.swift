// SPDX-License-Identifier: Apache-2.0
import Analysis

extension RunJSON {
  /// What may move the figures of one machine from one run to another, by the words of a report.
  public var facts: [(name: String, value: String)] {
    let optional: [(String, String?)] = [
      ("kernel", machine.kernelRelease), ("kernel build", machine.kernelVersion),
      ("microcode", machine.microcode), ("command line", machine.commandLine), ("governor", machine.governor),
      ("turbo", machine.turbo), ("idle driver and governor", machine.idle),
      ("deepest idle state", machine.deepestIdleState), ("SMT", machine.smt),
      ("transparent huge pages", machine.transparentHugePages),
      ("NUMA balancing", machine.numaBalancing.map { "\($0)" }), ("clocksource", machine.clocksource),
      ("KSM", machine.ksm), ("swap", machine.swapBytes.map { "\($0 >> 20) MiB" }),
      // Every run splits some of it: what counts is how much of it is small by now.
      (
        "direct map in 4 KiB entries",
        machine.directMap?.smallShare.map { "about \(Int(($0 * 10).rounded()) * 10) %" }
      ),
      ("gmembench", version), ("clock", clock.name), ("plan", plan), ("online CPUs", onlineCpus),
      ("measuring CPU", "\(measuringCpu)"),
    ]
    let mitigations = machine.mitigations.sorted { $0.key < $1.key }.map {
      ("mitigation \($0)", Optional($1))
    }
    return (optional + mitigations).compactMap { name, value in value.map { (name, $0) } }
  }

  /// What differs from an earlier run, in the order of `facts`; what only one of them knows is no difference. Of the
  /// command line, the parameters that differ.
  public func differences(from earlier: RunJSON) -> [FactChange] {
    let before = Dictionary(earlier.facts.map { ($0.name, $0.value) }) { first, _ in first }
    return facts.compactMap { name, value in
      guard let old = before[name], old != value else { return nil }
      guard name == "command line" else { return FactChange(name: name, before: old, after: value) }
      let (oldWords, words) = (old.split(separator: " "), value.split(separator: " "))
      return FactChange(
        name: name, before: oldWords.filter { !words.contains($0) }.joined(separator: " "),
        after: words.filter { !oldWords.contains($0) }.joined(separator: " "))
    }
  }
}
