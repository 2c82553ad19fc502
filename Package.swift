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
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl", path: "Sources/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CExpat", path: "Sources/CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
        .target(
            name: "HTTPTransport", dependencies: ["CCurl", "CLinux"], path: "Sources/HTTPTransport",
            swiftSettings: strict),
        .target(
            name: "Probes", dependencies: ["ChaosModel", "HTTPTransport", "Measurement", "CLinux"],
            path: "Sources/Probes", swiftSettings: strict),
        .executableTarget(
            name: "probe-benchmark", dependencies: ["ChaosModel", "Measurement", "Probes"],
            path: "Benchmarks/probe-engine/engine", swiftSettings: strict),
        .executableTarget(
            name: "stopwatch-benchmark", dependencies: ["ChaosModel", "Measurement", "Probes"],
            path: "Benchmarks/stopwatch/watch", swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "HTTPTransportTests", dependencies: ["HTTPTransport", "TestSupport"],
            path: "Tests/HTTPTransportTests", swiftSettings: strict),
        .testTarget(
            name: "ProbesTests",
            dependencies: ["Probes", "ChaosModel", "HTTPTransport", "Measurement", "TestSupport"],
            path: "Tests/ProbesTests", swiftSettings: strict),
        .target(name: "ChaosModel", dependencies: ["Yams"], path: "Sources/ChaosModel", swiftSettings: strict),
        .target(
            name: "Measurement",
            dependencies: ["ChaosModel", .product(name: "Histogram", package: "hdrhistogram-swift")],
            path: "Sources/Measurement", swiftSettings: strict),
        .target(
            name: "ResourceStore", dependencies: ["ChaosModel"], path: "controller/ResourceStore", swiftSettings: strict
        ),
    ]
)
