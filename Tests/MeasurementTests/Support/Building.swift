// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement

extension MonotonicInstant {
    static func ms(_ milliseconds: Int64) -> Self { Self(nanoseconds: milliseconds * 1_000_000) }
    var milliseconds: Double { Double(nanoseconds) / 1_000_000 }
}

extension BoundedInstant {
    static func ms(_ at: Int64, _ low: Int64, _ high: Int64) -> Self {
        Self(at: .ms(at), low: .ms(low), high: .ms(high))
    }
}

/// A probe of a URL that is never asked here.
func probe(
    _ name: String = "web", every milliseconds: Int64 = 10, failures: Int = 2, successes: Int = 2
) -> ProbeSpec {
    ProbeSpec(
        name: name, kind: .http(HTTPProbeSpec(url: "http://127.0.0.1/")),
        every: WrittenDuration(.milliseconds(milliseconds)), failureThreshold: failures, successThreshold: successes)
}

/// Attempts drawn as a line of letters, one for each slot: S success, F failure, ? unknown, m missed, space absent.
/// Each is planned and begun at its slot and takes 1 ms.
func attempts(_ drawing: String, of name: String = "web", every step: Int64 = 10, from start: Int64 = 0)
    -> [Observation]
{
    drawing.enumerated().compactMap { slot, letter in
        let begun = start + Int64(slot) * step
        let outcome: Observation.Outcome
        switch letter {
        case "S": outcome = .success
        case "F": outcome = .failure(reason: "connectionRefused")
        case "?": outcome = .unknown(reason: "throttled")
        case "m": outcome = .missed(reason: "tooManyOutstanding")
        default: return nil
        }
        return attempt(slot, begun, letter == "m" ? begun : begun + 1, outcome, of: name)
    }
}

/// One attempt in milliseconds, planned when it began.
func attempt(
    _ slot: Int, _ begun: Int64, _ ended: Int64, _ outcome: Observation.Outcome, of name: String = "web"
) -> Observation {
    Observation(
        probe: name, slot: Int64(slot), planned: .ms(begun), begun: .ms(begun), ended: .ms(ended), outcome: outcome)
}

let failed = Observation.Outcome.failure(reason: "connectionReset")

let anchor = ClockAnchor(
    bootID: "test", monotonic: .ms(0), wall: Timestamp(nanosecondsSinceEpoch: 1_700_000_000_000_000_000))

let webTarget = PlannedTarget(id: "i-1", account: "1", region: "eu-west-1", autoScalingGroup: "web")

func injection(
    accepted: Int64? = nil, effective: BoundedInstant?, target: PlannedTarget = webTarget,
    action: FaultAction = .ec2(.terminate)
) -> MeasurementInput.EffectiveInjection {
    MeasurementInput.EffectiveInjection(
        name: "inject", target: target, action: action, accepted: accepted.map { .ms($0) }, effective: effective)
}

/// The input of a run watched from 0 to `ended` milliseconds, injected at `effective`.
func input(
    _ observations: [Observation], probes: [ProbeSpec] = [probe()], effective: BoundedInstant? = .ms(50, 50, 50),
    until ended: Int64, stableFor: Int64 = 50, sightings: [Sighting] = [], objective: ObjectiveSpec? = nil
) -> MeasurementInput {
    MeasurementInput(
        probes: probes, observations: observations, sightings: sightings,
        injections: [injection(accepted: effective.map { $0.low.nanoseconds / 1_000_000 }, effective: effective)],
        recovery: RecoverySpec(
            objective: objective, stableFor: WrittenDuration(.milliseconds(stableFor)),
            giveUpAfter: WrittenDuration(.seconds(60))),
        watchBegan: .ms(0), watchEnded: .ms(ended), anchor: anchor)
}

func repeated(_ letter: String, _ count: Int) -> String { String(repeating: letter, count: count) }
