// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// The last -O wins: the timing loops are optimised in debug builds too, because `swift run` builds debug.
let timed: [CSetting] = [
  .define("_GNU_SOURCE"),
  .enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error), .unsafeFlags(["-O2"]),
]
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
let optimised: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let realModule: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "gmembench",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.0.0"),
  ],
  // Every module names what it imports itself: an import that is only inherited is not rebuilt with.
  targets: [
    .systemLibrary(name: "CNuma", pkgConfig: "numa", providers: [.apt(["libnuma-dev"])]),
    .target(name: "CKernel", cSettings: timed),
    .target(name: "CHelpers", dependencies: ["CKernel"], cSettings: timed),
    .target(name: "Statistics", dependencies: [realModule], swiftSettings: optimised),
    .target(name: "Model", dependencies: ["Statistics", system], swiftSettings: strict),
    .target(name: "Analysis", dependencies: ["Model", "Statistics"], swiftSettings: strict),
    .target(
      name: "Records", dependencies: ["Analysis", "Model", "Statistics", system], swiftSettings: strict),
    .target(
      name: "History", dependencies: ["Analysis", "Model", "Records", "Statistics", grdb],
      exclude: ["README.md"], swiftSettings: strict),
    .target(
      name: "Reports", dependencies: ["Analysis", "Model", "Records", "Statistics", mustache],
      swiftSettings: strict),
    .target(name: "GuestMemory", dependencies: ["CKernel", "Model", system], swiftSettings: strict),
    .target(name: "Machine", dependencies: ["CKernel", "CNuma", "Model", system], swiftSettings: strict),
    .target(
      name: "HostChanges", dependencies: ["CKernel", "Machine", "Model", system], swiftSettings: strict),
    .target(
      name: "Helpers", dependencies: ["CHelpers", "CKernel", "GuestMemory", "Model"], swiftSettings: strict),
    .target(
      name: "Harness",
      dependencies: [
        "Analysis", "CHelpers", "CKernel", "GuestMemory", "Helpers", "HostChanges", "Machine", "Model",
        "Statistics", system,
      ],
      swiftSettings: strict),
    .target(name: "CVerification", dependencies: ["CKernel"], cSettings: timed),
    .target(
      name: "Verification",
      dependencies: ["CKernel", "CVerification", "GuestMemory", "HostChanges", "Machine", "Model", system],
      swiftSettings: strict),
    .target(name: "Loops", dependencies: ["CKernel"], path: "Benchmarks/Loops", cSettings: timed),
    .target(
      name: "Suite",
      dependencies: [
        "Analysis", "CKernel", "GuestMemory", "Harness", "Helpers", "HostChanges", "Loops", "Machine",
        "Model", "Statistics", system,
      ],
      path: "Benchmarks/Suite", swiftSettings: strict),
    .executableTarget(
      name: "gmembench",
      dependencies: [
        "Analysis", "CKernel", "GuestMemory", "Harness", "Helpers", "History", "HostChanges", "Machine",
        "Model", "Records", "Reports", "Statistics", "Suite", "Verification", system,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    // What the tests of several modules use.
    .target(
      name: "TestSupport", dependencies: ["Machine"], path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "AnalysisTests", dependencies: ["Analysis", "Model", "Statistics"], swiftSettings: strict),
    .testTarget(
      name: "GmembenchTests", dependencies: ["GuestMemory", "gmembench"], swiftSettings: strict),
    .testTarget(
      name: "GuestMemoryTests", dependencies: ["CKernel", "GuestMemory", "Model"], swiftSettings: strict),
    .testTarget(
      name: "HarnessTests",
      dependencies: [
        "Analysis", "CKernel", "GuestMemory", "Harness", "Helpers", "HostChanges", "Machine", "Model",
        "Statistics", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "HelpersTests",
      dependencies: [
        "CHelpers", "CKernel", "GuestMemory", "Helpers", "Machine", "Model", "TestSupport", "gmembench",
      ], swiftSettings: strict),
    .testTarget(
      name: "HistoryTests",
      dependencies: ["Analysis", "History", "Model", "Records", "Statistics", grdb],
      exclude: ["Golden"], swiftSettings: strict),
    .testTarget(
      name: "HostChangesTests",
      dependencies: ["CKernel", "HostChanges", "Machine", "Model", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "LabTests",
      dependencies: [
        "CKernel", "GuestMemory", "Harness", "HostChanges", "Machine", "Model", "Suite", "Verification",
        system,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "MachineTests",
      dependencies: ["CKernel", "GuestMemory", "Machine", "Model", "TestSupport", system],
      swiftSettings: strict),
    .testTarget(name: "ModelTests", dependencies: ["Model"], swiftSettings: strict),
    .testTarget(
      name: "RecordsTests", dependencies: ["Analysis", "Model", "Records", "Statistics", system],
      exclude: ["Golden"], swiftSettings: strict),
    .testTarget(
      name: "ReportsTests", dependencies: ["Analysis", "Model", "Records", "Reports", "Statistics"],
      swiftSettings: strict),
    // Its simulations draw millions of values.
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics"], swiftSettings: optimised),
    .testTarget(
      name: "SuiteTests",
      dependencies: [
        "Analysis", "CKernel", "GuestMemory", "Harness", "Loops", "Machine", "Model", "Statistics", "Suite",
        "TestSupport", "gmembench",
      ], swiftSettings: strict),
    .testTarget(
      name: "VerificationTests",
      dependencies: ["GuestMemory", "Machine", "Model", "Verification", system], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
