// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

/// The environment of this process, read once at its start.
package enum ProcessEnvironment {
    package static var current: [String: String] { ProcessInfo.processInfo.environment }
}
