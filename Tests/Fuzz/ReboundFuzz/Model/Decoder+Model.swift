// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

@testable import ChaosModel

extension Decoder {
    /// What people and clients write: manifests, configurations, and the texts in them.
    static let model = [
        Decoder("manifest", manifest), Decoder("json", json), Decoder("configuration", configuration),
        .text("words", words), .text("calendar", calendar),
    ]

    private static func manifest(_ bytes: [UInt8]) throws {
        let read: [ManifestDocument]
        do throws(ValidationFailure) { read = try ManifestReader.read(bytes: bytes) } catch {
            must(!error.problems.isEmpty, "a refusal has problems")
            must(error.problems.count <= ManifestLimits.problems + 1, "the problems are bounded")
            throw error
        }
        for document in read {
            try check(document.resource)
        }
    }

    private static func check<R: Resource>(_ resource: R) throws {
        for text in [try ManifestWriter.yaml(resource), try ManifestWriter.json(resource)] {
            let again: [ManifestDocument]
            do throws(ValidationFailure) { again = try ManifestReader.read(text) } catch {
                return must(false, "what is accepted is accepted again when written: \(error)\n\(text)")
            }
            must(again.first?.resource as? R == resource, "a manifest is the same when written and read:\n\(text)")
        }
        must(Durations.areSound(try ManifestWriter.tree(of: resource)), "no duration is negative")
    }

    /// Ours must not take for JSON what others do not.
    private static func json(_ bytes: [UInt8]) throws {
        let tree = try JSONDocument.read(bytes)
        let text = JSONDocument.compact(tree)
        must(try JSONDocument.read(Array(text.utf8)).content.isSame(as: tree.content), "JSON is the same when written")
        do { _ = try JSONDecoder().decode(AnyShape.self, from: Data(bytes)) } catch {
            must(false, "another reader refuses it: \(error)")
        }
        let (yaml, plain) = (ConfigurationText.yaml(tree), PlainNumbers.written(tree))
        guard !hasExponent(plain) else { return }  // Written out it would be longer than a page.
        if case .mapping(let entries) = tree.content, !entries.isEmpty,
            let again = try ConfigurationText.read(bytes: Array(yaml.utf8), file: "-")
        {
            must(again.content.isSame(as: plain.content), "YAML is the same when written:\n\(yaml)")
        }
    }

    private static func hasExponent(_ tree: ManifestNode) -> Bool {
        (tree.items ?? []).contains(where: hasExponent) || (tree.entries ?? []).contains { hasExponent($0.value) }
            || tree.numberText?.lowercased().contains("e") == true
    }

    private static func configuration(_ bytes: [UInt8]) throws {
        // A line with a sign of equality first: an override from the environment.
        let lines = bytes.repaired.split(separator: "\n")
        if lines.count == 1, let equals = lines[0].firstIndex(of: "=") {
            let path = lines[0][..<equals].split(separator: ".").map(String.init)
            let text = String(lines[0][equals...].dropFirst())
            let override = ConfigurationReader.Override(source: "REBOUND_TEST", path: path, text: text)
            return try check(try ConfigurationReader.read(overrides: [override]))
        }
        try check(try ConfigurationReader.read(bytes: bytes, file: "-"))
    }

    private static func check(_ configuration: ControllerConfiguration) throws {
        let text = try ManifestWriter.yaml(value: configuration)
        let again = try ConfigurationReader.read(bytes: Array(text.utf8), file: "-")
        must(again == configuration, "a configuration is the same when written and read:\n\(text)")
    }

    /// The small texts of manifests, of AWS, and of schedules.
    private static func words(_ text: String) throws {
        if let written = WrittenDuration(text) {
            must(written.duration >= .zero, "no duration is negative")
            must(WrittenDuration(written.description) == written, "\(written) is the same when written")
        }
        if let time = Timestamp(text) {
            must(Timestamp(time.description) == time, "\(time) is the same when written")
        }
        if let rule = HolidayRule(text) {
            for year: Int64 in [1_970, 2_024, 2_025, 2_199, 9_999] {
                guard let date = rule.date(in: year) else { continue }
                // Easter + n may lie in another year than the one that is asked for.
                must(CivilDate(year: date.year, month: date.month, day: date.day) == date, "\(date) is a date")
            }
        }
        awsWords(text)
        for (rule, pattern) in TextRules.all where rule.matches(text) {
            must(text.unicodeScalars.count <= rule.maximumLength, "\(rule.words) is no longer than it may be")
            guard let pattern else { continue }
            // What the controller takes, a client that goes by the schema must be able to send.
            let fits = (try? pattern.firstMatch(in: text)) != nil
            must(fits, "\(rule.words) fits the schema's pattern: \(text.debugDescription)")
        }
        try cron(text)
    }

    private static func calendar(_ text: String) {
        let (calendar, problems) = ICalendar.read(text)
        must(problems.count <= 20, "the problems are bounded")
        let years: ClosedRange<Int64> = 2_024...2_027
        for date in calendar.holidays(in: years).keys {
            must(years.contains(date.year), "\(date) lies in the years that were asked for")
            must(CivilDate(year: date.year, month: date.month, day: date.day) == date, "\(date) is a date")
        }
    }
}

/// Any JSON, of which only the form is looked at: numbers are not read, as readers differ in how large one may be.
private struct AnyShape: Decodable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Swift.Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {
            while !list.isAtEnd { _ = try list.decode(AnyShape.self) }
        } else if let map = try? decoder.container(keyedBy: Key.self) {
            for key in map.allKeys { _ = try map.decode(AnyShape.self, forKey: key) }
        }
    }
}

/// The rules of texts, with the patterns that the JSON Schema has for them.
enum TextRules {
    typealias Pattern = Regex<AnyRegexOutput>

    /// Patterns are not `Sendable`; only libFuzzer's own thread comes here.
    nonisolated(unsafe) static let all: [(rule: TextRule, pattern: Pattern?)] = rules.map { rule in
        // A pattern that is none shows in the schema's own tests.
        (rule, rule.pattern.flatMap { try? Regex($0).matchingSemantics(.unicodeScalar) })
    }

    private static let rules: [TextRule] = [
        .region, .zone, .instanceID, .tagKey, .tagValue, .groupName, .targetGroup, .roleARN, .topicARN,
        .lambdaFunction, .account, .externalID, .cloudWatchName, .statistic, .name, .longName, .line, .lines,
        .labelKey, .labelValue, .path, .variable, .timeZone, .timeOfDay, .date, .url, .host, .address, .nameServer,
        .domainName, .headerName, .headerValue, .method, .statusRange, CronText.rule,
    ]
}

/// Looks for durations in a tree.
enum Durations {
    static func areSound(_ tree: ManifestNode) -> Bool {
        if let items = tree.items { return items.allSatisfy(areSound) }
        if let entries = tree.entries { return entries.allSatisfy { areSound($0.value) } }
        return tree.duration.map { $0 >= .zero } ?? true
    }
}

extension ManifestNode.Content {
    /// Whether two trees say the same, wherever it stood in the text.
    func isSame(as other: Self) -> Bool {
        switch (self, other) {
        case (.mapping(let a), .mapping(let b)):
            a.count == b.count
                && zip(a, b).allSatisfy { $0.key == $1.key && $0.value.content.isSame(as: $1.value.content) }
        case (.sequence(let a), .sequence(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.content.isSame(as: $1.content) }
        default: self == other
        }
    }
}
