// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "rebound",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl", path: "Sources/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CExpat", path: "Sources/CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .target(name: "ChaosModel", dependencies: ["Yams"], path: "Sources/ChaosModel", swiftSettings: strict),
        .target(name: "Measurement", dependencies: ["ChaosModel"], path: "Sources/Measurement", swiftSettings: strict),
        .target(
            name: "ResourceStore", dependencies: ["ChaosModel"], path: "controller/ResourceStore", swiftSettings: strict
        ),
        .target(
            name: "ExperimentControl", dependencies: ["ChaosModel", "ResourceStore"],
            path: "controller/ExperimentControl", swiftSettings: strict),
        .target(
            name: "CommandLineInterface",
            dependencies: [
                "ChaosModel", "ExperimentControl", "ResourceStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "controller/CommandLineInterface", swiftSettings: strict),
        .executableTarget(
            name: "rebound", dependencies: ["CommandLineInterface"], path: "controller/Rebound", swiftSettings: strict),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["ChaosModel", "CommandLineInterface", "ExperimentControl", "rebound"],
            path: "Tests/CommandLineTests", exclude: ["Golden"], swiftSettings: strict),
    ]
)
