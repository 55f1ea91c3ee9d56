// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import gmembench

/// The commands that the documents show are understood: subcommands, options and values. They are not carried out here.
@Suite("the commands in the documents") struct DocumentedCommandTests {
  private static let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized

  /// The picture of the modules names the program too.
  private static let pages: [String] = {
    let docs = (try? FileManager.default.contentsOfDirectory(atPath: root.path + "/docs")) ?? []
    return ["README.md", "Benchmarks/README.md", "Results/README.md", "scripts/lab/README.md"]
      + docs.filter { $0.hasSuffix(".md") && $0 != "architecture.md" }.sorted().map { "docs/\($0)" }
  }()

  /// Lines of blocks of code that call the program, without what goes before it and without comments.
  private static func commands(of page: String) throws -> [[String]] {
    let text = try String(contentsOf: root.appendingPathComponent(page), encoding: .utf8)
    let blocks = text.replacing("\\\n", with: " ").components(separatedBy: "```")
    let lines = blocks.enumerated().filter { $0.offset % 2 == 1 }.flatMap {
      $0.element.split(separator: "\n")
    }
    return lines.compactMap { line in
      let words = words(of: String(line))
      guard let call = words.firstIndex(where: { $0 == "gmembench" || $0.hasSuffix("/gmembench") }),
        call == 0 || ["run", "--", "&&"].contains(words[call - 1]), !words.contains("…")
      else { return nil }
      let ends: Set = ["&&", ">", "|", "#"]
      return Array(words[(call + 1)...].prefix { !ends.contains($0) })
    }
  }

  /// As a shell splits a line; quotes keep blanks.
  private static func words(of line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      switch character {
      case quote: quote = nil
      case "'",
        "\"" where quote == nil:
        (quote, word) = (character, word ?? "")
      case " " where quote == nil:
        if let word { words.append(word) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    return words + [word].compactMap(\.self)
  }

  @Test(arguments: pages) func areUnderstood(page: String) throws {
    for arguments in try Self.commands(of: page) {
      #expect(throws: Never.self, "\(page): gmembench \(arguments.joined(separator: " "))") {
        _ = try Gmembench.parseAsRoot(arguments)
      }
    }
  }

  @Test func someAreFound() throws {
    #expect(try Self.commands(of: "README.md").contains(["compare", "yesterday", "today"]))
    #expect(try Self.commands(of: "docs/getting-started.md").count > 15)
    #expect(throws: (any Error).self) { _ = try Gmembench.parseAsRoot(["--no-such-option"]) }
  }
}
