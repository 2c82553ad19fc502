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
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .target(name: "ChaosModel", dependencies: ["Yams"], path: "Sources/ChaosModel", swiftSettings: strict),
        .target(
            name: "ResourceStore", dependencies: ["ChaosModel"], path: "controller/ResourceStore", swiftSettings: strict
        ),
        .target(
            name: "SQLiteStore",
            dependencies: ["ResourceStore", "ChaosModel", .product(name: "GRDB", package: "GRDB.swift")],
            path: "controller/SQLiteStore", swiftSettings: strict),
        .testTarget(
            name: "StoreContractTests", dependencies: ["ResourceStore", "SQLiteStore", "ChaosModel"],
            path: "Tests/StoreContractTests", swiftSettings: strict),
        .target(name: "ReconcileLoop", path: "controller/ReconcileLoop", swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "ReconcileLoopTests", dependencies: ["ReconcileLoop", "TestSupport"],
            path: "Tests/ReconcileLoopTests", swiftSettings: strict),
        .target(name: "Scheduling", dependencies: ["ChaosModel"], path: "controller/Scheduling", swiftSettings: strict),
        .testTarget(
            name: "SchedulingTests", dependencies: ["Scheduling", "ChaosModel"], path: "Tests/SchedulingTests",
            swiftSettings: strict),
        .executableTarget(
            name: "store-hammer", dependencies: ["SQLiteStore", "ResourceStore", "ChaosModel"],
            path: "Tests/StoreHammer", swiftSettings: strict),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: ["SQLiteStore", "ResourceStore", "ChaosModel", "Scheduling", "store-hammer"],
            path: "Tests/SQLiteStoreTests", swiftSettings: strict),
    ]
)
