// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The embedded store as a file.
enum StoreFile {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
