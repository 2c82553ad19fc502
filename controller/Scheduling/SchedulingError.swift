// SPDX-License-Identifier: Apache-2.0

/// Why a schedule cannot be followed as it is written.
package struct SchedulingError: Error, Sendable, Equatable {
    package enum Code: String, Sendable { case invalidCron, invalidZone, invalidWindow, invalidHoliday }
    package var code: Code
    package var message: String
    package var hint: String

    package init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
