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
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2")
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
            name: "AWS",
            dependencies: [
                "CExpat", "CLinux", "COpenSSL", "HTTPTransport", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/AWS", swiftSettings: strict),
        .executableTarget(
            name: "describe-benchmark",
            dependencies: ["AWS", "HTTPTransport", .product(name: "Logging", package: "swift-log")],
            path: "Benchmarks/describe-instances/client", swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "AWSTests",
            dependencies: ["AWS", "HTTPTransport", "TestSupport", .product(name: "Logging", package: "swift-log")],
            path: "Tests/AWSTests", exclude: ["Fixtures"], swiftSettings: strict),
    ]
)
