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
let realModule: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "gmembench",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  // Every module names what it imports itself: an import that is only inherited is not rebuilt with.
  targets: [
    .systemLibrary(name: "CNuma", pkgConfig: "numa", providers: [.apt(["libnuma-dev"])]),
    .target(name: "CKernel", cSettings: timed),
    .target(name: "GuestMemory", dependencies: ["CKernel", system], swiftSettings: strict),
    .target(name: "Machine", dependencies: ["CKernel", "CNuma", system], swiftSettings: strict),
    .target(name: "Statistics", dependencies: [realModule], swiftSettings: optimised),
    .target(
      name: "Experiment", dependencies: ["CKernel", "GuestMemory", "Machine", "Statistics", system],
      swiftSettings: strict),
    .target(
      name: "Records", dependencies: ["Experiment", "GuestMemory", "Machine", "Statistics", system],
      swiftSettings: strict),
    .target(
      name: "History",
      dependencies: ["Experiment", "Machine", "Records", "Statistics", grdb], exclude: ["README.md"],
      swiftSettings: strict),
    .target(
      name: "Reports", dependencies: ["Experiment", "GuestMemory", "Machine", "Records", "Statistics"],
      swiftSettings: strict),
    .target(name: "Loops", dependencies: ["CKernel"], path: "Benchmarks/Loops", cSettings: timed),
    .target(
      name: "Suite",
      dependencies: ["CKernel", "Experiment", "GuestMemory", "Loops", "Machine", "Statistics", system],
      path: "Benchmarks/Suite", swiftSettings: strict),
    .executableTarget(
      name: "gmembench",
      dependencies: [
        "CKernel", "Experiment", "GuestMemory", "History", "Machine", "Records", "Reports", "Suite", system,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ExperimentTests",
      dependencies: ["CKernel", "Experiment", "GuestMemory", "Machine", "Statistics"],
      swiftSettings: strict),
    .testTarget(name: "GmembenchTests", dependencies: ["GuestMemory", "gmembench"], swiftSettings: strict),
    .testTarget(name: "GuestMemoryTests", dependencies: ["CKernel", "GuestMemory"], swiftSettings: strict),
    .testTarget(
      name: "HistoryTests",
      dependencies: ["Experiment", "History", "Machine", "Records", "Statistics", grdb],
      swiftSettings: strict),
    .testTarget(
      name: "LabTests",
      dependencies: ["CKernel", "Experiment", "GuestMemory", "Machine", "Suite", system],
      swiftSettings: strict),
    .testTarget(
      name: "MachineTests", dependencies: ["CKernel", "Machine", system], swiftSettings: strict),
    .testTarget(
      name: "RecordsTests",
      dependencies: ["Experiment", "GuestMemory", "Machine", "Records", "Statistics", system],
      swiftSettings: strict),
    .testTarget(
      name: "ReportsTests", dependencies: ["Experiment", "GuestMemory", "Machine", "Reports", "Statistics"],
      swiftSettings: strict),
    // Its simulations draw millions of values.
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics"], swiftSettings: optimised),
    .testTarget(
      name: "SuiteTests",
      dependencies: ["CKernel", "Experiment", "GuestMemory", "Loops", "Machine", "Suite", "gmembench"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
