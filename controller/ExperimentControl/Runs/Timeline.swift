// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement

/// Puts what was measured among what was done, in order of time.
///
/// A slow probe may bound the start of its outage by a success before the injection, and the middle of the two then
/// lies before it. Where the bounds hold both, the outage counts as caused by the injection, as the time to detect
/// does, and is dated no earlier than the effect; `low` and `high` stay what they are.
enum Timeline {
    static func merged(
        _ events: [TimelineEvent], report: RecoveryReport, sightings: [Sighting], anchor: ClockAnchor,
        effect: BoundedTimestamp?
    ) -> [TimelineEvent] {
        let outages = report.outages.prefix(500).flatMap { outage in
            [
                event(
                    "outageBegan", outage.start.following(effect), outage.probe,
                    "\(outage.probe) fails: \(outage.firstFailure)")
            ]
                + (outage.end.map { [event("outageEnded", $0, outage.probe, "\(outage.probe) answers again")] } ?? [])
        }
        let seen = sightings.prefix(1_000).map { sighting in
            let high = anchor.timestamp(of: sighting.high)
            return TimelineEvent(
                at: high, low: sighting.low.map { anchor.timestamp(of: $0) }, high: high, type: sighting.fact.type,
                subject: sighting.fact.subject, message: "\(sighting.fact.words) (\(sighting.source))")
        }
        return (events + outages + seen).enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }.map(\.element)
    }

    private static func event(_ type: String, _ when: BoundedTimestamp, _ subject: String, _ message: String)
        -> TimelineEvent
    {
        TimelineEvent(at: when.at, low: when.low, high: when.high, type: type, subject: subject, message: message)
    }
}

extension BoundedTimestamp {
    fileprivate func following(_ effect: BoundedTimestamp?) -> BoundedTimestamp {
        guard let effect, high >= effect.low, at < effect.at else { return self }
        return BoundedTimestamp(at: min(effect.at, high), low: low, high: high)
    }
}

extension Sighting.Fact {
    var type: String {
        switch self {
        case .instanceState: "instanceState"
        case .memberLost: "memberLost"
        case .activityBegan, .activityEnded: "scalingActivity"
        case .memberAppeared: "memberAppeared"
        case .memberInService: "memberInService"
        case .targetState: "targetState"
        case .alarm: "alarm"
        }
    }

    var subject: String {
        switch self {
        case .instanceState(let id, _), .memberLost(_, let id), .memberAppeared(_, let id), .memberInService(_, let id):
            id
        case .targetState(_, let id, _): id
        case .activityBegan(let group, _, _, let instance): instance ?? group
        case .activityEnded(let group, _, _, let instance, _): instance ?? group
        case .alarm(let name, _): name
        }
    }

    var words: String {
        switch self {
        case .instanceState(let id, let state): "\(id) is \(state)"
        case .memberLost(let group, let id): "\(group) no longer counts \(id)"
        case .activityBegan(let group, _, let launching, let instance):
            "\(group) \(launching ? "launches" : "terminates") \(instance ?? "an instance")"
        case .activityEnded(let group, _, let launching, let instance, let succeeded):
            "\(group) \(succeeded ? "has" : "has not") \(launching ? "launched" : "terminated") "
                + (instance ?? "an instance")
        case .memberAppeared(let group, let id): "\(id) is a new member of \(group)"
        case .memberInService(let group, let id): "\(id) is in service in \(group)"
        case .targetState(_, let id, let state): "\(id) is \(state) behind the load balancer"
        case .alarm(let name, let state): "alarm \(name) is \(state)"
        }
    }
}
