// SPDX-License-Identifier: Apache-2.0

/// How the program ends, for those who started it. `--help` and the reference list the same.
enum ExitCode: Int32, CaseIterable {
    case done = 0
    case usage = 2
    case refused = 3
    case conflict = 4
    case failed = 5
    case dirty = 6
    case notDurable = 7
    case endedEarly = 8
    case inForce = 10

    var meaning: String {
        switch self {
        case .done: "the fault was held and reverted, or there was nothing to do"
        case .usage: "the arguments or the document are wrong; nothing was done"
        case .refused: "the host cannot have this fault, or nothing matches; nothing was done"
        case .conflict: "another injection holds what this one needs; nothing was done"
        case .failed: "the fault failed or showed no effect; it was reverted"
        case .dirty: "something could not be reverted or read: look at the host"
        case .notDurable: "the journal could not be written; nothing was done"
        case .endedEarly: "the lease or the guard was lost; the fault was reverted before its deadline"
        case .inForce: "status: a fault is in force"
        }
    }
}
