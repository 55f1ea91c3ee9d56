// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import GuestMemory
import Model
import SystemPackage

/// Messages between a run and the process of one of its passes: a value as JSON, and samples as they lie in memory,
/// because there are many of them.
struct MessageChannel: ~Copyable {
  private let descriptor: OwnedDescriptor

  init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  func send(_ value: some Encodable, samples: [Double] = []) throws(Refusal) {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = Self.encoding
    let text: Data
    do { text = try encoder.encode(value) } catch { throw .failed("a message to a pass: \(error)") }
    var bytes: [UInt8] = []
    for count in [UInt64(text.count), UInt64(samples.count)] {
      withUnsafeBytes(of: count) { bytes += $0 }
    }
    bytes += text
    samples.withUnsafeBytes { bytes += $0 }
    let result = bytes.withUnsafeBytes { write(whole: $0) }
    try check(result, "writing to a pass")
  }

  /// Nil where the other end is closed.
  func receive<Value: Decodable>(_ type: Value.Type) throws(Refusal) -> (value: Value, samples: [Double])? {
    var counts: [UInt64] = [0, 0]
    guard try read(whole: &counts) else { return nil }
    guard counts[0] < 1 << 32, counts[1] < 1 << 32 else { throw .failed("a message that is none of ours") }
    var text = [UInt8](repeating: 0, count: Int(counts[0]))
    var samples = [Double](repeating: 0, count: Int(counts[1]))
    guard try read(whole: &text), try read(whole: &samples) else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = Self.decoding
    do { return (try decoder.decode(type, from: Data(text)), samples) } catch {
      throw .failed("a message of a pass: \(error)")
    }
  }

  private static let encoding = JSONEncoder.NonConformingFloatEncodingStrategy.convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  private static let decoding = JSONDecoder.NonConformingFloatDecodingStrategy.convertFromString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")

  private func write(whole bytes: UnsafeRawBufferPointer) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      // A process that went away is a failure here, not a signal.
      let sent = Glibc.send(
        descriptor.number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int32(MSG_NOSIGNAL)
      )
      if sent < 0, errno == EINTR { continue }
      if sent < 0 { return -errno }
      rest = rest.dropFirst(sent)
    }
    return 0
  }

  /// False at the end of what the other end sends.
  private func read<Element>(whole elements: inout [Element]) throws(Refusal) -> Bool {
    let result = elements.withUnsafeMutableBytes { bytes -> Int32 in
      var got = 0
      while got < bytes.count {
        let count = recv(descriptor.number, bytes.baseAddress.map { $0 + got }, bytes.count - got, 0)
        if count < 0, errno == EINTR { continue }
        if count < 0 { return -errno }
        if count == 0 { return 1 }
        got += count
      }
      return 0
    }
    // A process that was killed resets the connection.
    if result == -ECONNRESET { return false }
    return try check(result, "reading from a pass") == 0
  }
}
