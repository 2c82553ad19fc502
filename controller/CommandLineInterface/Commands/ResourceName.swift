// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ChaosModel

/// A kind as people write it on the command line: `runs`, `run`.
enum ResourceName: String, CaseIterable, ExpressibleByArgument {
    case runs, experiments, injections, policies, schedules

    init?(argument: String) {
        let word = argument.lowercased()
        guard let match = Self.allCases.first(where: { $0.rawValue == word || $0.singular == word }) else { return nil }
        self = match
    }

    var kind: ResourceKind {
        switch self {
        case .runs: .run
        case .experiments: .experiment
        case .injections: .injection
        case .policies: .policy
        case .schedules: .schedule
        }
    }

    var singular: String { kind.rawValue.lowercased() }
}
