// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// `scripts/fuzz` sets it: our modules are built optimised and watched by libFuzzer, with a program that feeds them,
/// without the tests and without the HTTP library under the API, which is not ours.
let isFuzzing = Context.environment["REBOUND_FUZZ"] != nil

let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ] + (isFuzzing ? [.unsafeFlags(["-O", "-sanitize=fuzzer"])] : [])
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

/// Would make sense if neither program existed.
let libraries: [Target] = [
    .systemLibrary(
        name: "CCurl", path: "Sources/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
        name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CExpat", path: "Sources/CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
    .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
    .target(name: "FaultModel", path: "Sources/FaultModel", swiftSettings: strict),
    .target(
        name: "HostSystem", dependencies: ["CLinux", "FaultModel"], path: "Sources/HostSystem", swiftSettings: strict),
    .target(
        name: "ChaosModel", dependencies: ["FaultModel", "Yams"], path: "Sources/ChaosModel", swiftSettings: strict),
    .target(
        name: "Measurement",
        dependencies: ["ChaosModel", .product(name: "Histogram", package: "hdrhistogram-swift")],
        path: "Sources/Measurement", swiftSettings: strict),
    .target(
        name: "HTTPTransport", dependencies: ["CCurl", "CLinux"], path: "Sources/HTTPTransport", swiftSettings: strict),
    .target(
        name: "Probes", dependencies: ["ChaosModel", "CLinux", "HTTPTransport", "Measurement"],
        path: "Sources/Probes", swiftSettings: strict),
    .target(name: "Digests", dependencies: ["COpenSSL"], path: "Sources/Digests", swiftSettings: strict),
    .target(
        name: "ResourceClient", dependencies: ["ChaosModel", "HTTPTransport"], path: "Sources/ResourceClient",
        swiftSettings: strict),
    .target(
        name: "Identity", dependencies: ["CLinux", "COpenSSL", "ChaosModel", "Digests"], path: "Sources/Identity",
        swiftSettings: strict),
    .target(
        name: "AWS", dependencies: ["CExpat", "CLinux", "Digests", "HTTPTransport", logging], path: "Sources/AWS",
        swiftSettings: strict),
]

let httpServer: [Target.Dependency] = [
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HummingbirdHTTP2", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
/// The files of ControllerAPI that need them.
let httpServerFiles = [
    "Server/APIServer.swift", "Server/MalformedRequestHandler.swift", "Server/RequestHead+HTTP.swift",
    "Server/Responder.swift", "Server/ServerTLS.swift",
]

/// Runs, privileged, on the host under test. What `rebound-inject` is made of needs no package: it is one
/// static file.
let agent: [Target] = [
    .target(
        name: "FaultJournal", dependencies: ["CLinux", "FaultModel", "HostSystem"], path: "agent/FaultJournal",
        swiftSettings: strict),
    .target(
        name: "Faults", dependencies: ["CLinux", "FaultModel", "HostSystem"], path: "agent/Faults",
        swiftSettings: strict),
    .executableTarget(
        name: "rebound-inject", dependencies: ["CLinux", "FaultJournal", "FaultModel", "Faults", "HostSystem"],
        path: "agent/ReboundInject", swiftSettings: strict),
    .target(
        name: "AgentRuntime", dependencies: ["ChaosModel", "HTTPTransport", "Identity", "ResourceClient", logging],
        path: "agent/AgentRuntime", swiftSettings: strict),
    .executableTarget(
        name: "rebound-agent", dependencies: ["AgentRuntime", "ChaosModel", logging], path: "agent/ReboundAgent",
        swiftSettings: strict),
]

/// Runs in the middle.
let controller: [Target] = [
    .target(
        name: "ResourceStore", dependencies: ["ChaosModel", "Digests"], path: "controller/ResourceStore",
        swiftSettings: strict),
    .target(
        name: "SQLiteStore",
        dependencies: [
            "ChaosModel", "Digests", "ResourceStore", .product(name: "GRDB", package: "GRDB.swift"),
        ],
        path: "controller/SQLiteStore", swiftSettings: strict),
    .target(name: "ReconcileLoop", path: "controller/ReconcileLoop", swiftSettings: strict),
    .target(name: "Scheduling", dependencies: ["ChaosModel"], path: "controller/Scheduling", swiftSettings: strict),
    .target(
        name: "ExperimentControl",
        dependencies: [
            "AWS", "ChaosModel", "Digests", "HTTPTransport", "Measurement", "Probes", "ReconcileLoop", "ResourceStore",
            "Scheduling", logging,
        ],
        path: "controller/ExperimentControl", swiftSettings: strict),
    .target(
        name: "ControllerAPI",
        dependencies: ["ChaosModel", "Digests", "Identity", "ResourceStore", logging] + (isFuzzing ? [] : httpServer),
        path: "controller/ControllerAPI", exclude: isFuzzing ? httpServerFiles : [], swiftSettings: strict),
    .target(
        name: "CommandLineInterface",
        dependencies: [
            "AWS", "ChaosModel", "Digests", "ExperimentControl", "HTTPTransport", "Identity", "ResourceClient",
            "ResourceStore", "SQLiteStore", logging, .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "controller/CommandLineInterface", swiftSettings: strict),
    .target(name: "ServiceMetrics", path: "controller/ServiceMetrics", swiftSettings: strict),
    .target(
        name: "ControllerService",
        dependencies: [
            "AWS", "ChaosModel", "CLinux", "CommandLineInterface", "ControllerAPI", "ExperimentControl",
            "HTTPTransport", "Identity", "Measurement", "ResourceStore", "ServiceMetrics", "SQLiteStore", logging,
        ],
        path: "controller/ControllerService", swiftSettings: strict),
    .executableTarget(
        name: "rebound", dependencies: ["CommandLineInterface"], path: "controller/Rebound", swiftSettings: strict),
    .executableTarget(
        name: "rebound-controller", dependencies: ["CommandLineInterface", "ControllerService"],
        path: "controller/ReboundController", swiftSettings: strict),
]

let tests: [Target] = [
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .executableTarget(
        name: "crash-runner",
        dependencies: [
            "AWS", "ChaosModel", "CommandLineInterface", "ControllerService", "ExperimentControl", "HTTPTransport",
            "ResourceStore", "SQLiteStore", logging,
        ],
        path: "Tests/CrashRunner", swiftSettings: strict),
    .executableTarget(
        name: "soak-runner",
        dependencies: [
            "AWS", "ChaosModel", "CLinux", "ExperimentControl", "HTTPTransport", "ResourceStore", "SQLiteStore",
            "TestSupport", logging,
        ],
        path: "Tests/Soak", swiftSettings: strict),
    .testTarget(
        name: "ChaosModelTests", dependencies: ["ChaosModel"], path: "Tests/ChaosModelTests", swiftSettings: strict),
    .testTarget(
        name: "FaultJournalTests", dependencies: ["FaultJournal", "FaultModel", "HostSystem"],
        path: "Tests/FaultJournalTests", swiftSettings: strict),
    .testTarget(
        name: "FaultsTests", dependencies: ["FaultModel", "Faults", "HostSystem"], path: "Tests/FaultsTests",
        swiftSettings: strict),
    .testTarget(
        name: "HTTPTransportTests", dependencies: ["HTTPTransport", "TestSupport"], path: "Tests/HTTPTransportTests",
        swiftSettings: strict),
    .testTarget(
        name: "IdentityTests", dependencies: ["ChaosModel", "Digests", "HTTPTransport", "Identity", "TestSupport"],
        path: "Tests/IdentityTests", swiftSettings: strict),
    .testTarget(
        name: "ResourceClientTests", dependencies: ["ChaosModel", "HTTPTransport", "ResourceClient", "TestSupport"],
        path: "Tests/ResourceClientTests", swiftSettings: strict),
    .executableTarget(
        name: "api-harness",
        dependencies: [
            "ChaosModel", "ControllerAPI", "ExperimentControl", "Identity", "ResourceStore", "SQLiteStore", logging,
        ],
        path: "Tests/APIHarness", swiftSettings: strict),
    .testTarget(
        name: "ControllerAPITests",
        dependencies: [
            "ChaosModel", "ControllerAPI", "HTTPTransport", "Identity", "ResourceStore", "SQLiteStore", "TestSupport",
            logging,
        ],
        path: "Tests/ControllerAPITests", swiftSettings: strict),
    .testTarget(
        name: "ProbesTests", dependencies: ["ChaosModel", "HTTPTransport", "Measurement", "Probes", "TestSupport"],
        path: "Tests/ProbesTests", swiftSettings: strict),
    .testTarget(
        name: "AWSTests", dependencies: ["AWS", "Digests", "HTTPTransport", "TestSupport", logging],
        path: "Tests/AWSTests", exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
        name: "StoreContractTests", dependencies: ["ChaosModel", "ResourceStore", "SQLiteStore"],
        path: "Tests/StoreContractTests", swiftSettings: strict),
    .testTarget(
        name: "ReconcileLoopTests", dependencies: ["ReconcileLoop", "TestSupport"], path: "Tests/ReconcileLoopTests",
        swiftSettings: strict),
    .testTarget(
        name: "MeasurementTests", dependencies: ["ChaosModel", "Measurement"], path: "Tests/MeasurementTests",
        swiftSettings: strict),
    .testTarget(
        name: "SchedulingTests", dependencies: ["ChaosModel", "Scheduling"], path: "Tests/SchedulingTests",
        swiftSettings: strict),
    .executableTarget(
        name: "store-hammer", dependencies: ["ChaosModel", "ResourceStore", "SQLiteStore"], path: "Tests/StoreHammer",
        swiftSettings: strict),
    .testTarget(
        name: "SQLiteStoreTests",
        dependencies: [
            "ChaosModel", "ResourceStore", "SQLiteStore", "Scheduling", "store-hammer",
            .product(name: "GRDB", package: "GRDB.swift"),
        ],
        path: "Tests/SQLiteStoreTests", exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(
        name: "ExperimentControlTests",
        dependencies: [
            "AWS", "ChaosModel", "ExperimentControl", "HTTPTransport", "Measurement", "Probes", "ReconcileLoop",
            "ResourceStore", "Scheduling", "SQLiteStore", "TestSupport", logging,
        ],
        path: "Tests/ExperimentControlTests", swiftSettings: strict),
    .testTarget(
        name: "AgentRuntimeTests", dependencies: ["AgentRuntime", "ChaosModel", "TestSupport", "rebound-agent"],
        path: "Tests/AgentRuntimeTests", swiftSettings: strict),
    .testTarget(
        name: "ServiceMetricsTests", dependencies: ["ServiceMetrics"], path: "Tests/ServiceMetricsTests",
        swiftSettings: strict),
    .testTarget(
        name: "ControllerServiceTests",
        dependencies: [
            "AWS", "ChaosModel", "CLinux", "CommandLineInterface", "ControllerAPI", "ControllerService",
            "ExperimentControl", "HTTPTransport", "ResourceStore", "ServiceMetrics", "SQLiteStore", "TestSupport",
            "rebound-controller",
            logging,
        ],
        path: "Tests/ControllerServiceTests", swiftSettings: strict),
    .testTarget(
        name: "CommandLineTests",
        dependencies: [
            "ChaosModel", "CommandLineInterface", "Digests", "ExperimentControl", "Identity", "ResourceStore",
            "SQLiteStore", "TestSupport", "rebound", "rebound-controller", logging,
        ],
        path: "Tests/CommandLineTests", exclude: ["Golden"], swiftSettings: strict),
]

let benchmarks: [Target] = [
    .executableTarget(
        name: "halt-benchmark",
        dependencies: [
            "AWS", "ChaosModel", "ExperimentControl", "HTTPTransport", "ResourceStore", "SQLiteStore", "TestSupport",
            logging,
        ],
        path: "Benchmarks/halt/stop", swiftSettings: strict),
    .executableTarget(
        name: "describe-benchmark", dependencies: ["AWS", "HTTPTransport", logging],
        path: "Benchmarks/describe-instances/client", swiftSettings: strict),
    .executableTarget(
        name: "probe-benchmark", dependencies: ["ChaosModel", "Measurement", "Probes"],
        path: "Benchmarks/probe-engine/engine", swiftSettings: strict),
    .executableTarget(
        name: "stopwatch-benchmark", dependencies: ["ChaosModel", "Measurement", "Probes"],
        path: "Benchmarks/stopwatch/watch", swiftSettings: strict),
]

let fuzzing: [Target] = [
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    .executableTarget(
        name: "rebound-fuzz",
        dependencies: [
            "AWS", "CFuzzer", "CLinux", "ChaosModel", "CommandLineInterface", "ControllerAPI", "ExperimentControl",
            "HTTPTransport", "Identity", "Measurement", "Probes", "ResourceClient", "ResourceStore", "Scheduling",
            "SQLiteStore",
            logging,
        ],
        path: "Tests/Fuzz/ReboundFuzz", swiftSettings: strict),
]

let package = Package(
    name: "rebound",
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: libraries + agent + controller + (isFuzzing ? fuzzing : tests + benchmarks)
)
