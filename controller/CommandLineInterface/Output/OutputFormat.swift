// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// How a command writes its answer. Anything else after `-o` is refused.
package enum OutputFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    case table, json, yaml
}
