// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// An open file, closed when it goes.
package struct Descriptor: ~Copyable {
    package let number: Int32

    /// Takes over an open descriptor.
    package init(owning number: Int32) { self.number = number }

    /// open(2), never inherited by programs that are started. Throws with the path.
    package init(opening path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(HostError) {
        let opened = clinux_open(path, flags, mode)
        if opened < 0 { throw .system("cannot open \(path)") }
        number = opened
    }

    deinit { close(number) }
}

/// Whole files, read and written durably.
package enum HostFile {
    /// At most `limit` bytes of a file from its start. Files of /proc have no size, so it is read until its end.
    package static func read(_ path: String, limit: Int = 1 << 20) throws(HostError) -> [UInt8] {
        let file = try Descriptor(opening: path, O_RDONLY)
        return try read(file, limit: limit, path)
    }

    /// The same as text; bytes that are not UTF-8 are replaced. Nil when it cannot be read, as when a process ended.
    package static func text(_ path: String, limit: Int = 1 << 20) -> String? {
        // A file of /proc that is gone is an answer, not an error, to those who ask here.
        (try? read(path, limit: limit)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// At most `limit` bytes from where an open file stands.
    package static func read(_ file: borrowing Descriptor, limit: Int, _ path: String) throws(HostError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(limit, 65_536))
        while bytes.count < limit {
            let count = Glibc.read(file.number, &buffer, min(buffer.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .system("cannot read \(path)") }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Writes all bytes at an offset (pwrite(2)).
    package static func write(_ bytes: [UInt8], to file: borrowing Descriptor, at offset: Int, _ path: String)
        throws(HostError)
    {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                pwrite(file.number, $0.baseAddress, $0.count, off_t(offset + written))
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { throw .system("cannot write \(path)") }
            written += count
        }
    }

    /// Waits until a file's bytes are on the disk (fsync(2)).
    package static func flush(_ file: borrowing Descriptor, _ path: String) throws(HostError) {
        if fsync(file.number) != 0 { throw .system("cannot flush \(path)") }
    }

    /// Waits until the names in a folder are on the disk.
    package static func flushFolder(_ path: String) throws(HostError) {
        let folder = try Descriptor(opening: path, O_RDONLY | O_DIRECTORY)
        try flush(folder, path)
    }

    /// Makes a folder with its parents, for its owner only.
    package static func makeFolder(_ path: String) throws(HostError) {
        var walked = ""
        for part in path.split(separator: "/") {
            walked += "/" + part
            if mkdir(walked, 0o700) != 0, errno != EEXIST { throw .system("cannot make the folder \(walked)") }
        }
    }

    /// rename(2), durably.
    package static func rename(_ old: String, to new: String, in folder: String) throws(HostError) {
        if Glibc.rename("\(folder)/\(old)", "\(folder)/\(new)") != 0 {
            throw .system("cannot rename \(folder)/\(old) to \(new)")
        }
        try flushFolder(folder)
    }

    /// The names in a folder, sorted. Empty where there is no such folder.
    package static func names(in folder: String) throws(HostError) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw .system("cannot list \(folder)")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Where a symbolic link points; nil when it cannot be read, as for kernel threads.
    package static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }
}

/// Which life of the kernel this is (random(4), boot_id).
package enum BootID {
    /// Throws when /proc does not say.
    package static func current() throws(HostError) -> String {
        let text = String(decoding: try HostFile.read("/proc/sys/kernel/random/boot_id", limit: 64), as: UTF8.self)
        return String(text.prefix { $0 != "\n" })
    }
}
