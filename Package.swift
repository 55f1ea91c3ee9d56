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

let package = Package(
  name: "gmembench",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .systemLibrary(name: "CNuma", pkgConfig: "numa", providers: [.apt(["libnuma-dev"])]),
    .target(name: "CKernel", cSettings: timed),
    .target(
      name: "Machine",
      dependencies: ["CKernel", "CNuma", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: strict),
    .target(
      name: "GuestMemory",
      dependencies: ["CKernel", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: strict),
    .target(name: "Loops", dependencies: ["CKernel"], path: "Benchmarks/Loops", cSettings: timed),
    .target(name: "Statistics", swiftSettings: optimised),
    .target(
      name: "Experiment", dependencies: ["Statistics", "Machine", "GuestMemory"], swiftSettings: strict),
    .target(
      name: "Records",
      dependencies: [
        "Experiment", "Statistics", "Machine", "GuestMemory",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(name: "Reports", dependencies: ["Records"], swiftSettings: strict),
    .target(
      name: "Suite",
      dependencies: ["Experiment", "Loops", .product(name: "SystemPackage", package: "swift-system")],
      path: "Benchmarks/Suite", swiftSettings: strict),
    .executableTarget(
      name: "gmembench",
      dependencies: [
        "Suite", "Reports", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .testTarget(name: "ExperimentTests", dependencies: ["Experiment"], swiftSettings: strict),
    .testTarget(name: "SuiteTests", dependencies: ["Suite"], swiftSettings: strict),
    .testTarget(name: "GmembenchTests", dependencies: ["gmembench"], swiftSettings: strict),
    .testTarget(name: "GuestMemoryTests", dependencies: ["GuestMemory"], swiftSettings: strict),
    .testTarget(name: "MachineTests", dependencies: ["Machine"], swiftSettings: strict),
    .testTarget(name: "RecordsTests", dependencies: ["Records"], swiftSettings: strict),
    .testTarget(name: "ReportsTests", dependencies: ["Reports"], swiftSettings: strict),
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
