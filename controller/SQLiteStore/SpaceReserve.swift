// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Room on the store's disk that is set aside while there is some, in a file beside the store, so that putting things
/// back can still be written down when the disk is full. The file itself says whether the room is still there: several
/// processes share it.
final class SpaceReserve: Sendable {
    let path: String
    let bytes: Int64

    init(store: String, bytes: Int64) {
        path = store + "-reserve"
        self.bytes = bytes
    }

    /// Whether the room is set aside; one look at the file.
    var isFilled: Bool {
        var status = stat()
        return stat(path, &status) == 0 && Int64(status.st_size) >= bytes
    }

    /// What keeps new work from being written down.
    enum Lack: Sendable, Equatable {
        /// There is too little room on the disk.
        case room
        /// The reserve cannot be looked at or set aside: an errno.
        case access(Int32)
    }

    /// Whether there is room for new work.
    func hasRoom() -> Bool { lack() == nil }

    /// Nil when there is room for new work: the reserve is set aside, and as much again is free beside it, so that what
    /// new work writes before it harms does not use the reserve up. Sets it aside where it is not.
    func lack() -> Lack? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno == ENOSPC || errno == EDQUOT ? .room : .access(errno) }
        defer { close(descriptor) }
        return setAside(descriptor) ? nil : .room
    }

    private func setAside(_ descriptor: Int32) -> Bool {
        let isSetAside = isFilled
        var system = statvfs()
        let needed = isSetAside ? bytes : 2 * bytes
        guard fstatvfs(descriptor, &system) == 0, Int64(system.f_bavail) * Int64(system.f_frsize) >= needed else {
            return false
        }
        if isSetAside { return true }
        // Blocks are really taken: a file with holes would promise what is not there (posix_fallocate(3)).
        guard posix_fallocate(descriptor, 0, off_t(bytes)) == 0 else {
            ftruncate(descriptor, 0)
            return false
        }
        return true
    }

    /// Gives the room back to the disk. False when there was none.
    func release() -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0 else { return false }
        return truncate(path, 0) == 0
    }
}
