// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// What `/version` says. Clients compare `major` and `minor` with their own, so these are the version of Kubernetes's
/// conventions that is followed; `gitVersion` carries Rebound's own as build metadata (semver.org, item 10).
enum VersionDocument {
    static let major = 1
    static let minor = 30

    static func document(_ program: String) -> ManifestNode {
        .map([
            "major": .text(String(major)), "minor": .text(String(minor)),
            "gitVersion": .text("v\(major).\(minor).0+rebound-\(program)"), "gitCommit": .text(""),
            "gitTreeState": .text("clean"), "buildDate": .text("1970-01-01T00:00:00Z"), "goVersion": .text("none"),
            "compiler": .text("swift"), "platform": .text("linux/amd64"),
        ])
    }
}
