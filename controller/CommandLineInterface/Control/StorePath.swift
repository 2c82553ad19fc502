// SPDX-License-Identifier: Apache-2.0

/// Where the embedded store is kept.
package enum StorePath {
    /// `--store`; else `rebound/rebound.db` in `$XDG_STATE_HOME` or `~/.local/state` (XDG Base Directory 0.8, which
    /// says that a relative value is to be ignored). Throws when neither is known.
    package static func resolve(option: String?, environment: [String: String]) throws(CommandFailure) -> String {
        if let option {
            guard !option.isEmpty else {
                throw CommandFailure(.usage, "--store is empty", hint: "Give the path of the store's file.")
            }
            return option
        }
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/rebound/rebound.db" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw CommandFailure(
                .usage, "there is no place for the store: neither XDG_STATE_HOME nor HOME is an absolute path",
                hint: "Give the path with --store.")
        }
        return home + "/.local/state/rebound/rebound.db"
    }
}
