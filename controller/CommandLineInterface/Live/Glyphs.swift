// SPDX-License-Identifier: Apache-2.0

/// The characters of the live page. Each says what it means without colour too.
package struct Glyphs: Sendable, Equatable {
    package var ok: String
    package var someFailed: String
    package var failed: String
    package var unknown: String
    package var missed: String
    package var nothing: String
    package var phases: [String]
    package var currentPhase: String
    package var more: String
    package var passing: String
    package var failing: String
    package var waiting: String

    package static let unicode = Glyphs(
        ok: "▁", someFailed: "▄", failed: "█", unknown: "?", missed: "·", nothing: " ", phases: ["█", "▓"],
        currentPhase: "▒", more: "…", passing: "✔", failing: "✘", waiting: "…")

    /// For locales without UTF-8.
    package static let ascii = Glyphs(
        ok: "_", someFailed: "+", failed: "#", unknown: "?", missed: ".", nothing: " ", phases: ["#", "="],
        currentPhase: "-", more: "~", passing: "+", failing: "x", waiting: ".")
}
