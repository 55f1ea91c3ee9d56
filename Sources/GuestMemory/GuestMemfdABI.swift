// SPDX-License-Identifier: Apache-2.0
import Model

/// What a kernel answers about guest_memfd. Ask a VM, not the system descriptor, which over-reports; ask a
/// VM of the default type for the dialect, since a software-protected one is not offered INIT_SHARED.
public struct GuestMemfdAnswers: Hashable, Sendable {
  /// KVM_CAP_GUEST_MEMFD (234).
  public var guestMemfd: Int32
  /// Capability 244: a bitmap or a boolean.
  public var flags: Int32
  /// Capability 245: NO_DIRECT_MAP in v5 to v7, something else on arm64 mainline.
  public var v7NoDirectMap: Int32

  public init(guestMemfd: Int32, flags: Int32, v7NoDirectMap: Int32) {
    self.guestMemfd = guestMemfd
    self.flags = flags
    self.v7NoDirectMap = v7NoDirectMap
  }
}

/// The flags of one dialect as this kernel offers them. A flag that is nil is not offered.
///
/// | dialect | MMAP | INIT_SHARED | NO_DIRECT_MAP |
/// | --- | --- | --- | --- |
/// | mainline | bit 0 | bit 1 | bit 2 (v9 to v12) |
/// | v7 | bit 0 | implied | bit 1 |
public struct GuestMemfdABI: Hashable, Sendable {
  public let dialect: Dialect
  /// The flags that make a file host-faultable: MMAP, with INIT_SHARED where the dialect has it.
  public let mappable: UInt64?
  public let noDirectMap: UInt64?

  private static let bit0: UInt64 = 1
  private static let bit1: UInt64 = 2
  private static let bit2: UInt64 = 4

  /// What a recorded bug of the postings costs: they never restore the direct map.
  public static let hostRisk =
    "the posted v7 of the series never restores direct map entries: the host can crash once the memory is reused"

  /// The dialect that the answers of a default-type VM show, or the one insisted on.
  public static func resolve(
    _ answers: GuestMemfdAnswers, insisting dialect: Dialect? = nil
  ) throws(Refusal) -> GuestMemfdABI {
    guard answers.guestMemfd > 0 else {
      throw .unsupported(
        "this kernel has no guest_memfd (KVM_CAP_GUEST_MEMFD is 0)",
        remedy: "Linux 6.8 or later with CONFIG_KVM_GUEST_MEMFD")
    }
    let spoken = if let dialect { dialect } else { try recognise(answers) }
    switch spoken {
    case .mainline: return mainline(flags: answers.flags)
    case .v7:
      return GuestMemfdABI(
        dialect: .v7, mappable: answers.flags > 0 ? bit0 : nil,
        noDirectMap: answers.v7NoDirectMap > 0 ? bit1 : nil)
    }
  }

  /// The flags that a VM of another type offers, in the dialect of the default type.
  public func offered(_ answers: GuestMemfdAnswers) -> GuestMemfdABI {
    switch dialect {
    case .mainline: Self.mainline(flags: answers.flags)
    case .v7: self
    }
  }

  private static func mainline(flags: Int32) -> GuestMemfdABI {
    let bits = UInt64(flags > 0 ? flags : 0)
    let both = bit0 | bit1
    return GuestMemfdABI(
      dialect: .mainline, mappable: bits & both == both ? both : nil,
      noDirectMap: bits & bit2 != 0 ? bit2 : nil)
  }

  private static func recognise(_ answers: GuestMemfdAnswers) throws(Refusal) -> Dialect {
    switch answers.flags {
    case ...0: return .mainline  // 6.8 to 6.17: guest_memfd without any flag
    case let flags where UInt64(flags) & bit1 != 0: return .mainline
    case 1 where answers.v7NoDirectMap > 0: return .v7
    default:
      throw .unsupported(
        "capability 244 answers \(answers.flags) and 245 answers \(answers.v7NoDirectMap) on a default-type VM: "
          + "neither mainline's flags nor those of v5 to v7",
        remedy: "--abi mainline or --abi v7, if you know which series the kernel carries")
    }
  }

  /// The flags to create `backing` with.
  public func flags(for backing: Backing) throws(Refusal) -> UInt64 {
    var flags: UInt64 = 0
    if !backing.isPrivate {
      guard let mappable else {
        throw .unsupported(
          "this kernel's guest_memfd cannot be mapped by the host (no MMAP and INIT_SHARED flags)",
          remedy: "Linux 6.18 or later")
      }
      flags |= mappable
    }
    if backing.removesDirectMap {
      guard let noDirectMap else {
        throw .unsupported(
          "this kernel has no GUEST_MEMFD_FLAG_NO_DIRECT_MAP",
          remedy: "scripts/lab/build builds one that has")
      }
      flags |= noDirectMap
    }
    return flags
  }
}
