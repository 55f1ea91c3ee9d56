// SPDX-License-Identifier: Apache-2.0
import Model

extension Doctor.Examination {
  /// What the kernel was built or booted with that adds to every fault, free or switch.
  func kernel() -> [Finding] { initialisation() + mitigations() }

  private func initialisation() -> [Finding] {
    let options = [
      (
        "init_on_alloc", "CONFIG_INIT_ON_ALLOC_DEFAULT_ON", "zeroes every page once more when it is allocated"
      ),
      ("init_on_free", "CONFIG_INIT_ON_FREE_DEFAULT_ON", "zeroes every page when it is freed"),
    ]
    let parameters = fingerprint.commandLine.split(separator: " ")
    let config = files.text("/boot/config-\(fingerprint.kernelRelease)")
    return options.compactMap { name, option, effect in
      // The last one given wins, as for the kernel.
      if let given = parameters.last(where: { $0.hasPrefix(name + "=") })?.dropFirst(name.utf8.count + 1) {
        let isOn = ["1", "on", "y", "Y"].contains(given)
        return isOn
          ? Finding(.note, "\(name) is on: the kernel \(effect)", remedy: "boot with \(name)=0") : nil
      }
      guard let config else {
        return Finding(
          .unknown, "cannot tell whether \(name) is on (neither on the command line nor /boot/config-*)")
      }
      guard config.split(separator: "\n").contains(option + "=y") else { return nil }
      return Finding(.note, "\(name) is on by default: the kernel \(effect)", remedy: "boot with \(name)=0")
    }
  }

  private func mitigations() -> [Finding] {
    guard !fingerprint.mitigations.isEmpty else {
      return [Finding(.unknown, "cannot read the mitigations (/sys/devices/system/cpu/vulnerabilities)")]
    }
    var findings: [Finding] = []
    if fingerprint.mitigations["meltdown"]?.contains("PTI") == true {
      findings.append(
        Finding(
          .note,
          "page table isolation is on: each entry to the kernel switches page tables, each flush covers two",
          remedy: "boot with pti=off to measure without"))
    }
    if let l1tf = fingerprint.mitigations["l1tf"], l1tf.contains("cache flushes"),
      !l1tf.contains("no cache flushes")
    {
      findings.append(
        Finding(
          .note, "the L1 data cache is flushed on entry to a guest: guest faults pay for it",
          remedy: "boot with l1tf=off to measure without"))
    }
    let clearing = fingerprint.mitigations.filter { $0.value.contains("Clear CPU buffers") }.keys.sorted()
    if !clearing.isEmpty {
      findings.append(
        Finding(
          .note, "CPU buffers are cleared on each return to user space (\(clearing.joined(separator: ", ")))",
          remedy: "boot with mitigations=off to measure without"))
    }
    return findings
  }
}
