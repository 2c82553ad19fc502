// SPDX-License-Identifier: Apache-2.0
import ResourceStore

extension WriteOrigin {
    /// The origin of what a person asks for with a reason: as the request that is being handled says, or, where there
    /// is none, as that person is known to this machine.
    static func asked(by person: String, because reason: String?) -> WriteOrigin {
        var origin = current == .controller ? WriteOrigin(actor: person) : current
        origin.reason = reason ?? origin.reason
        return origin
    }
}
