// SPDX-License-Identifier: Apache-2.0

/// The kernel command line without what identifies a machine: a parameter is kept only if it is known to bear
/// on measurement. Everything else (root=UUID=…, addresses, host names, the arguments of init) is dropped.
enum KernelParameters {
  /// Whole names; `-` and `_` are the same to the kernel.
  private static let names: Set<String> = [
    "amd_pstate", "cgroup_disable", "clocksource", "cpuidle.off", "debug_pagealloc", "gather_data_sampling",
    "gbpages", "hardened_usercopy", "highres", "hugepages", "hugepagesz", "idle", "init_on_alloc",
    "init_on_free", "intel_pstate", "irqaffinity", "isolcpus", "kpti", "l1d_flush", "l1tf", "lockdown", "lpj",
    "maxcpus", "mds", "mem", "memory_hotplug", "mitigations", "mmio_stale_data", "movable_node", "nested_pvm",
    "nmi_watchdog", "no_hash_pointers", "nogbpages", "nohlt", "nohz", "nohz_full", "nokaslr", "nopat",
    "nopcid",
    "nopti", "nosmt", "nospectre_v1", "nospectre_v2", "nowatchdog", "nr_cpus", "numa", "numa_balancing",
    "page_owner", "page_poison", "page_poisoning", "possible_cpus", "preempt", "psi", "pti", "rcu_nocb_poll",
    "rcu_nocbs", "reg_file_data_sampling", "retbleed", "rodata", "skew_tick", "slab_debug", "slab_nomerge",
    "slub_debug", "spec_rstack_overflow", "spec_store_bypass_disable", "spectre_v2", "spectre_v2_user",
    "srbds",
    "swapaccount", "threadirqs", "transparent_hugepage", "tsa", "tsc", "tsc_early_khz", "tsx",
    "tsx_async_abort", "vmscape", "watchdog",
  ]

  /// Modules of which every parameter counts.
  private static let modules: Set<String> = [
    "amd_pstate", "cpufreq", "cpuidle", "cpuidle_haltpoll", "haltpoll", "intel_idle", "intel_pstate",
    "kfence",
    "kvm", "kvm_amd", "kvm_intel", "kvm_pvm", "memory_hotplug", "page_alloc", "page_reporting", "processor",
    "rcupdate", "rcutree", "secretmem", "zswap",
  ]

  static func bearingOnMeasurement(_ commandLine: String) -> String {
    var kept: [String] = []
    for parameter in words(commandLine) {
      if parameter == "--" { break }  // what follows is init's
      let name = parameter.prefix { $0 != "=" }.map { $0 == "-" ? "_" : $0 }
      let module = name.prefix { $0 != "." }
      if names.contains(String(name)) || module.count < name.count && modules.contains(String(module)) {
        kept.append(parameter)
      }
    }
    return kept.joined(separator: " ")
  }

  /// Split at blanks outside double quotes, as the kernel does.
  private static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quoted = false
    for character in line {
      if character == "\"" { quoted.toggle() }
      if character.isWhitespace, !quoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }
}
