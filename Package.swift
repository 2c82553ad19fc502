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
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .target(name: "ChaosModel", dependencies: ["Yams"], path: "Sources/ChaosModel", swiftSettings: strict),
        .target(
            name: "Measurement",
            dependencies: ["ChaosModel", .product(name: "Histogram", package: "hdrhistogram-swift")],
            path: "Sources/Measurement", swiftSettings: strict),
        .target(
            name: "ResourceStore", dependencies: ["ChaosModel"], path: "controller/ResourceStore", swiftSettings: strict
        ),
        .testTarget(
            name: "ChaosModelTests", dependencies: ["ChaosModel"], path: "Tests/ChaosModelTests", swiftSettings: strict),
    ]
)
