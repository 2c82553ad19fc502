// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

/// What is shown. For every example manifest and every position, the character there is removed, or changed into
/// another. The result is refused, or it selects no more than the original: - every fault does the same harm, every
/// criterion of its selector is still there, and lists of ids, zones and states have
///   not grown; a value that became another value selects something else, which is not more;
/// - in a fleet where each criterion is met, missed and absent in every combination, it matches a subset of what it
/// matched; - each fault takes no more, and all together take no more than before, nor than the original `maxTargets`;
/// - gates, stop conditions, probes, `minHealthy` and every restriction of a policy or schedule are still there.
///
/// What cannot be shown, as no reader can tell it from intent: a digit that became another digit within the limits
/// (`minHealthy: 2` to `1`, a policy's `maxTargetsPerDay: 8` to `9`), and a name that became another name that exists
/// (`web` to `wed`, another `denyTag`). The opt-in tag and `maxTargets` bound what that can do.
@Suite("One character")
struct OneCharacterTests {
    /// Every change at every position with REBOUND_EVERY_CHANGE=1; otherwise removals, `#`, and one more that rotates.
    private static let isThorough = ProcessInfo.processInfo.environment["REBOUND_EVERY_CHANGE"] == "1"
    private static let adversaries: [Unicode.Scalar] = [
        " ", ":", "-", "\"", "'", "0", "9", "a", "\n", "*", "{", "}", "|", ",", "[", ">", "&",
    ]

    /// A stretch of one example: stretches run at the same time.
    struct Stretch: Sendable, CustomTestStringConvertible {
        var name: String
        var part: Int
        static let parts = 4
        var testDescription: String { "\(name), part \(part + 1) of \(Self.parts)" }
    }

    static let stretches = ExampleFiles.names.flatMap { name in
        (0..<Stretch.parts).map { Stretch(name: name, part: $0) }
    }

    static let jsonStretches = stretches.filter { $0.name == "several-faults.yaml" || $0.name == "stop-and-start.yaml" }

    @Test("removed or changed anywhere, never selects more", arguments: stretches)
    func neverWidens(stretch: Stretch) throws {
        try checkEveryPosition(of: try ExampleFiles.text(stretch.name), stretch)
    }

    @Test("removed or changed anywhere in the JSON of an example, never selects more", arguments: jsonStretches)
    func neverWidensJSON(stretch: Stretch) throws {
        let document = try #require(try ManifestReader.read(try ExampleFiles.text(stretch.name)).first)
        guard case .experiment(let experiment) = document else { return }
        try checkEveryPosition(of: try ManifestWriter.compactJSON(experiment), stretch)
    }

    @Test("removed or changed around the line between two documents, loses neither of them and selects no more")
    func neverJoinsDocuments() throws {
        let policy = try ExampleFiles.text("policy.yaml")
        let text = policy + "# The plan.\n---\n" + (try ExampleFiles.text("web-loses-an-instance.yaml"))
        let border = policy.unicodeScalars.count
        let originals = try ManifestReader.read(text)
        #expect(originals.count == 2)
        let scalars = Array(text.unicodeScalars)
        checkPositions((border - 20)..<(border + 50), of: scalars, originals.map(Widening.init), thorough: true)
    }

    private func checkEveryPosition(of text: String, _ stretch: Stretch) throws {
        let scalars = Array(text.unicodeScalars)
        let originals = try ManifestReader.read(text).map(Widening.init)
        #expect(originals.count == 1)
        let positions = scalars.indices.filter { $0 % Stretch.parts == stretch.part }
        checkPositions(positions, of: scalars, originals, thorough: Self.isThorough)
    }

    private func checkPositions(
        _ positions: some Sequence<Int>, of scalars: [Unicode.Scalar], _ originals: [Widening], thorough: Bool
    ) {
        for index in positions {
            let old = scalars[index]
            check(replacing(scalars, at: index, with: nil), originals, digit: false, "removed \(old) at \(index)")
            for scalar in replacements(at: index, thorough: thorough) where scalar != old {
                let isDigit = ("0"..."9").contains(scalar) && ("0"..."9").contains(old)
                check(
                    replacing(scalars, at: index, with: scalar), originals, digit: isDigit,
                    "\(old) became \(scalar) at \(index)")
            }
        }
    }

    private func replacements(at index: Int, thorough: Bool) -> [Unicode.Scalar] {
        thorough ? ["#"] + Self.adversaries : ["#", Self.adversaries[index % Self.adversaries.count]]
    }

    private func replacing(_ scalars: [Unicode.Scalar], at index: Int, with scalar: Unicode.Scalar?) -> String {
        var view = String.UnicodeScalarView(scalars[..<index])
        if let scalar { view.append(scalar) }
        view.append(contentsOf: scalars[(index + 1)...])
        return String(view)
    }

    private func check(_ text: String, _ originals: [Widening], digit: Bool, _ mutation: String) {
        guard let documents = try? ManifestReader.read(text) else { return }  // Refused, which is always right.
        #expect(documents.count == originals.count, "\(mutation): \(documents.count) documents")
        for (original, document) in zip(originals, documents) {
            let ways = original.ways(of: document, digit: digit)
            #expect(ways.isEmpty, "\(mutation): \(ways.joined(separator: ", "))")
        }
    }
}
