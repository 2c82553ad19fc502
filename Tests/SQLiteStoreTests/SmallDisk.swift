// SPDX-License-Identifier: Apache-2.0
import Glibc
import ResourceStore

/// A small file system in memory of this test's own. Needs root, which a build machine's container has.
final class SmallDisk: Sendable {
    let folder: StoreFolder
    var store: String { folder.store }

    init(bytes: Int) throws {
        folder = try StoreFolder()
        try mount(flags: 0, bytes: bytes)
    }

    deinit { umount2(folder.path, 2) }  // MNT_DETACH: also when a failed test left the store open.

    func resize(bytes: Int) throws { try mount(flags: 32, bytes: bytes) }  // MS_REMOUNT

    func makeReadOnly() throws { try mount(flags: 32 | 1, bytes: 1 << 20) }  // MS_REMOUNT, MS_RDONLY

    private func mount(flags: UInt, bytes: Int) throws {
        guard Glibc.mount("tmpfs", folder.path, "tmpfs", flags, "size=\(bytes)") == 0 else {
            throw StoreError(.unavailable, "mount: \(String(cString: strerror(errno)))", hint: "Run as root.")
        }
    }
}
