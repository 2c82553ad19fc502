// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// A package of its own, so that the project does not depend on what it was only measured against.
import PackageDescription

let package = Package(
    name: "xmlcoder-benchmark",
    dependencies: [.package(url: "https://github.com/CoreOffice/XMLCoder", exact: "0.18.2")],
    targets: [
        .executableTarget(
            name: "xmlcoder-benchmark", dependencies: [.product(name: "XMLCoder", package: "XMLCoder")],
            path: "Sources")
    ]
)
