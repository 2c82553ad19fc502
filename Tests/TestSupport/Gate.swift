// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Holds threads and tasks until it is opened, then for good lets all pass.
package final class Gate: Sendable {
    private let descriptors: (read: Int32, write: Int32)
    private let isOpen = Mutex(false)

    package init() {
        var pair: [Int32] = [0, 0]
        precondition(pipe(&pair) == 0, "pipe: \(errno)")
        descriptors = (pair[0], pair[1])
    }

    deinit {
        open()
        close(descriptors.read)
    }

    /// Returns when `open` was called; the waiting is done by a thread of its own, as tasks share theirs.
    package func passed() async {
        await withCheckedContinuation { continuation in
            startTestThread {
                self.wait()
                continuation.resume()
            }
        }
    }

    /// Blocks until `open` was called: for servers' threads, never in a task.
    package func wait() {
        var poll = pollfd(fd: descriptors.read, events: Int16(POLLIN), revents: 0)
        while Glibc.poll(&poll, 1, -1) < 0 && errno == EINTR {}
    }

    /// Lets everybody pass, now and later.
    package func open() {
        isOpen.withLock { isOpen in
            guard !isOpen else { return }
            isOpen = true
            // Written, not only closed: a child of another test may hold a copy of this end.
            _ = write(descriptors.write, "!", 1)
            close(descriptors.write)
        }
    }
}
