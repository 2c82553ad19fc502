// SPDX-License-Identifier: Apache-2.0

/// The time zones that the checking machine knows: which there are changes with its tzdata, not with this program.
package struct TimeZoneNames: Sendable {
    /// Whether there is a zone of this name; nil where the machine has no zones at all, so that nothing is known.
    package var isZone: @Sendable (String) -> Bool?
    /// Every name, for saying what was probably meant. Called only for a name that is not known.
    package var all: @Sendable () -> [String]

    package init(isZone: @escaping @Sendable (String) -> Bool?, all: @escaping @Sendable () -> [String]) {
        self.isZone = isZone
        self.all = all
    }

    /// Every name of the right form passes.
    package static let unchecked = TimeZoneNames(isZone: { _ in nil }, all: { [] })

    /// What is wrong with a name; nil when nothing is, or nothing is known.
    package func fault(in name: String) -> String? {
        guard isZone(name) == false else { return nil }
        let meant = meant(by: name).map { "; did you mean \($0)?" } ?? "; write one such as Europe/Madrid"
        return "this machine's tzdata has no such time zone\(meant)"
    }

    /// The nearest name, or the one that ends as this does: `Madrid` is Europe/Madrid.
    private func meant(by name: String) -> String? {
        let names = all()
        if let near = NearMiss.nearest(to: name, in: names) { return near }
        let cities = Dictionary(names.map { (Self.city($0), $0) }, uniquingKeysWith: { first, _ in first })
        return NearMiss.nearest(to: Self.city(name), in: cities.keys.sorted()).flatMap { cities[$0] }
    }

    private static func city(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
}
