// SPDX-License-Identifier: Apache-2.0

/// How the fields of policies and schedules fit together.
extension RuleProblems {
    mutating func checkPolicy(_ policy: ManifestNode) {
        let spec = policy["spec"]
        for (index, freeze) in (spec?["freezes"]?.items ?? []).enumerated() {
            guard let from = freeze["from"]?.text.flatMap({ Timestamp($0) }), let until = freeze["until"],
                let end = until.text.flatMap({ Timestamp($0) }), end <= from
            else { continue }
            report("spec.freezes[\(index)].until", "must be later than from", until)
        }
        if let run = spec?["maxTargetsPerRun"]?.integer, let day = spec?["maxTargetsPerDay"], let most = day.integer,
            run > most
        {
            report("spec.maxTargetsPerDay", "must not be below maxTargetsPerRun, which is \(run)", day)
        }
    }

    mutating func checkSchedule(_ spec: ManifestNode?, path: String) {
        for (index, window) in (spec?["windows"]?.items ?? []).enumerated() {
            guard let from = window["from"]?.text, let to = window["to"], to.text == from else { continue }
            report("\(path).windows[\(index)].to", "is the same as from, so the window is empty", to)
        }
    }
}
