// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc
package import ResourceStore

/// Whether the store takes new work, without writing any.
extension SQLiteStore {
    /// What would refuse new work now: `.full` where the room for undoing is not set aside or in use, `.readOnly` where
    /// the file or its file system cannot be written. Nil when there is nothing in the way. Sets the room aside where
    /// there is some again.
    package func obstacle() async -> StoreError? {
        if path == SQLiteFile.memory { return nil }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [path, reserve] in
                // Touching the file asks the file system itself: one that turned read-only after an error still says
                // to access(2) that it can be written.
                if utimensat(AT_FDCWD, path, nil, 0) != 0 {
                    continuation.resume(returning: StoreError(errno: errno, opening: path))
                } else {
                    continuation.resume(returning: reserve?.lack().map { StoreError($0, store: path) })
                }
            }
        }
    }
}
