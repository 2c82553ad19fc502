// SPDX-License-Identifier: Apache-2.0

/// Why a watch ended.
package enum WatchEnding: String, Sendable, CaseIterable {
    case clientGone, timeOver
    /// The store no longer knows what came after the client's place: it read too slowly, or began too far back. It was
    /// answered 410 and lists again.
    case expired
    /// The credential or the role that allowed it is gone.
    case forbidden
    case shutdown, failed
}

/// What happens to one watch.
package enum WatchMoment: Sendable, Equatable {
    case opened
    /// One event was handed over for sending; bookmarks are none.
    case sent
    case ended(WatchEnding)
}

typealias WatchObserver = @Sendable (WatchMoment) -> Void

/// Told of every watch, with the resource as the URL names it (`runs`); called for each event, so it must be quick.
package typealias WatchesObserver = @Sendable (_ resource: String, WatchMoment) -> Void
