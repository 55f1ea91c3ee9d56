// SPDX-License-Identifier: Apache-2.0
import Foundation
import Model

/// What `list --json` and `doctor --json` print, for a program.
public enum ListingJSON {
  private struct Entry: Encodable {
    let benchmark, operation, backing, summary, key: String
    let available: Bool
    let reason, remedy: String?

    init(_ listed: ListedCase) {
      let measured = listed.measuredCase
      (benchmark, operation, backing) = (measured.benchmark, measured.operation, measured.backing.rawValue)
      (summary, key) = (listed.summary, measured.key)
      available = listed.refusal == nil
      reason = listed.refusal?.reason
      remedy = listed.refusal?.remedy
    }
  }

  private struct Machine: Encodable {
    let machineKey, kernelRelease, architecture: String
    let backings: [Offer]
    let checks: [Checks]
  }

  private struct Checks: Encodable {
    let name, why, status: String
    let findings: [Check]
  }

  private struct Offer: Encodable {
    let backing: String
    let available: Bool
    let reason, remedy: String?
  }

  private struct Check: Encodable {
    let severity, finding: String
    let remedy: String?
  }

  /// An array with an object a case.
  public static func bytes(of cases: [ListedCase]) throws -> [UInt8] { try bytes(of: cases.map(Entry.init)) }

  /// An object: the machine, what it offers of each backing, and what would disturb a measurement.
  public static func bytes(
    of fingerprint: Fingerprint, offers: [(backing: Backing, refusal: Refusal?)], groups: [CheckGroup]
  ) throws -> [UInt8] {
    try bytes(
      of: Machine(
        machineKey: fingerprint.machineKey, kernelRelease: fingerprint.kernelRelease,
        architecture: fingerprint.architecture,
        backings: offers.map { backing, refusal in
          Offer(
            backing: backing.rawValue, available: refusal == nil, reason: refusal?.reason,
            remedy: refusal?.remedy
          )
        },
        checks: groups.map { group in
          Checks(
            name: group.name, why: group.why, status: group.severity?.word ?? "ok",
            findings: group.findings.map {
              Check(severity: $0.severity.word, finding: $0.what, remedy: $0.remedy)
            })
        }))
  }

  private static func bytes(of value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try [UInt8](encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}
