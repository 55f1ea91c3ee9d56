// SPDX-License-Identifier: Apache-2.0
import CKernel

/// What runs this machine: `none` only on evidence, `unknown` otherwise.
enum Hypervisor {
  static func name(_ files: SystemFiles, info: CPUInfo) -> String {
    if files.isLive, let signature = signature() { return name(signature: signature) }
    return named(by: files, info: info) ?? "unknown"
  }

  /// cpuid leaf 0x40000000; the empty string when the CPU reports no hypervisor; nil off x86.
  private static func signature() -> String? {
    var bytes = [CChar](repeating: 0, count: 13)
    guard ckernel_hypervisor_signature(&bytes) == 0 else { return nil }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func name(signature: String) -> String {
    switch signature {
    case "": "none"
    case "KVMKVMKVM", "Linux KVM Hv": "kvm"
    case "Microsoft Hv": "microsoft"
    case "XenVMMXenVMM": "xen"
    case "VMwareVMware": "vmware"
    case "TCGTCGTCGTCG": "qemu-tcg"
    default: "unknown"
    }
  }

  /// Without cpuid: what the firmware or the kernel left in files. Nil when nothing tells.
  private static func named(by files: SystemFiles, info: CPUInfo) -> String? {
    if files.line("/sys/hypervisor/type") == "xen" { return "xen" }
    let compatible = files.line("/proc/device-tree/hypervisor/compatible") ?? ""
    if compatible.contains("kvm") { return "kvm" }
    if compatible.contains("xen") { return "xen" }
    // QEMU's emulated `-cpu max` has an implementer that no maker owns and the part number 'Q'.
    if info["CPU implementer"] == "0x00", info["CPU part"] == "0x051" { return "qemu-tcg" }
    let vendor = files.line("/sys/class/dmi/id/sys_vendor") ?? ""
    let product = files.line("/sys/class/dmi/id/product_name") ?? ""
    if product.contains("KVM") { return "kvm" }
    if vendor.hasPrefix("VMware") { return "vmware" }
    if vendor.hasPrefix("Xen") { return "xen" }
    if vendor.hasPrefix("Microsoft"), product == "Virtual Machine" { return "microsoft" }
    if vendor == "Google", product == "Google Compute Engine" { return "kvm" }
    if vendor == "Amazon EC2" { return product.contains(".metal") ? "none" : "kvm" }
    // x86's flag says that there is a hypervisor, not which; only its absence says anything.
    if let flags = info.flags, !flags.contains("hypervisor") { return "none" }
    return nil
  }
}
