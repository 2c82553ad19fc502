// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import GRDB
import ResourceStore

/// Reads documents as they were at one version of the store, within one snapshot.
///
/// The first page of a list is what is stored now. For a later page, what was changed since then is read from the
/// change log instead: of each key the state before its first later change, which lies in an earlier change or beside
/// that one.
struct DocumentReading {
    let database: Database
    let query: DocumentQuery
    let place: ListPlace?

    func page() throws -> DocumentPage {
        let now = try database.storeVersion()
        let version = place?.version ?? now
        if version != now { try checkKnown(version, now) }
        var items = try fetch(limit: query.limit.map { min($0, .max - 1) + 1 })
        var continuation: String?
        if let limit = query.limit, items.count > limit {
            items.removeLast(items.count - limit)
            continuation = items.last.map { ListPlace(version: version, after: $0.key).continuation }
        }
        return DocumentPage(items: items, resourceVersion: String(version), continuation: continuation)
    }

    private func checkKnown(_ version: Int64, _ newest: Int64) throws {
        let oldest = try database.oldestChange() ?? newest + 1
        if version >= oldest - 1, version <= newest { return }
        throw StoreError.expiredList(version)
    }

    /// In the order of namespace and name.
    func fetch(limit: Int?) throws -> [StoredDocument] {
        var (sql, arguments) = source()
        let (condition, more) = selection()
        sql += " SELECT * FROM at WHERE \(condition) ORDER BY namespace, name"
        arguments += more
        if let limit {
            sql += " LIMIT ?"
            arguments += [limit]
        }
        return try Row.fetchAll(database, sql: sql, arguments: arguments).map(found)
    }

    private func found(_ row: Row) throws -> StoredDocument {
        let key = ResourceKey(kind: query.kind, namespace: row["namespace"], name: row["name"])
        let isLogged: Bool = row["is_logged"]
        let version: Int64
        let json: String
        if isLogged {
            guard let document: String = row["document"] else { throw StoreError.expiredList(place?.version ?? 0) }
            json = document
            version = Int64(row["version_text"] as String) ?? 0
        } else {
            version = row["version"]
            json = StoredJSON.document(
                key: key, version: version, generation: row["generation"], metadata: row["metadata"], spec: row["spec"],
                status: row["status"])
        }
        return StoredDocument(key: key, uid: row["uid"], resourceVersion: String(version), json: Array(json.utf8))
    }

    /// The table `at`: everything of the kind as it was at the version of the list.
    private func source() -> (String, StatementArguments) {
        let stored = """
            SELECT namespace, name, uid, version, NULL AS version_text, generation, metadata, spec, status,
                NULL AS document, 0 AS is_logged
            FROM resources WHERE kind = ?
            """
        guard let place else { return ("WITH at AS (\(stored))", [query.kind.rawValue]) }
        let sql = """
            WITH first AS (
                SELECT min(version) AS version FROM changes WHERE kind = ? AND version > ? GROUP BY namespace, name),
            earlier AS (
                SELECT f.namespace, f.name, coalesce(f.before, (
                    SELECT p.document FROM changes p
                    WHERE p.kind = f.kind AND p.namespace = f.namespace AND p.name = f.name AND p.version <= ?
                    ORDER BY p.version DESC LIMIT 1)) AS document
                FROM changes f JOIN first ON f.version = first.version WHERE f.change <> 'added'),
            at AS (
                \(stored) AND version <= ?
                UNION ALL
                SELECT namespace, name, json_extract(document, '$.metadata.uid'), 0,
                    json_extract(document, '$.metadata.resourceVersion'), 0, json_extract(document, '$.metadata'),
                    json_extract(document, '$.spec'), json_extract(document, '$.status'), document, 1
                FROM earlier)
            """
        let kind = query.kind.rawValue
        return (sql, [kind, place.version, place.version, kind, place.version])
    }

    private func selection() -> (String, StatementArguments) {
        var terms = ["1"]
        var arguments = StatementArguments()
        func add(_ term: String, _ values: StatementArguments) {
            terms.append(term)
            arguments += values
        }
        if let namespace = query.namespace { add("namespace = ?", [namespace]) }
        if let place { add("(namespace, name) > (?, ?)", [place.namespace, place.name]) }
        // A state that is no longer known may be one that is wanted: it is taken along, and found to be missing.
        let unknown = "(is_logged AND document IS NULL)"
        for label in query.labels {
            let (term, values) = label.condition(of: label.label)
            add("(\(unknown) OR \(term))", values)
        }
        for field in query.fields {
            add("(\(unknown) OR \(field.column) \(field.isEqual ? "=" : "<>") ?)", [field.value])
        }
        return (terms.joined(separator: " AND "), arguments)
    }
}

extension LabelRequirement {
    fileprivate func condition(of label: String) -> (String, StatementArguments) {
        let lookup = "EXISTS (SELECT 1 FROM json_each(metadata, '$.labels') l WHERE l.key = ?"
        func values(_ texts: [String]) -> String { "(" + texts.map { _ in "?" }.joined(separator: ", ") + ")" }
        switch condition {
        case .exists: return ("\(lookup))", [label])
        case .isAbsent: return ("NOT \(lookup))", [label])
        case .isIn(let texts):
            return ("\(lookup) AND l.value IN \(values(texts)))", StatementArguments([label] + texts))
        case .notIn(let texts):
            return ("NOT \(lookup) AND l.value IN \(values(texts)))", StatementArguments([label] + texts))
        }
    }
}

extension FieldRequirement {
    /// The path is one of `selectable`, so it holds nothing that means anything to SQL.
    fileprivate var column: String {
        switch path {
        case "metadata.name": return "name"
        case "metadata.namespace": return "namespace"
        default:
            let parts = path.split(separator: ".", maxSplits: 1)
            return "coalesce(json_extract(\(parts[0]), '$.\(parts[1])'), '')"
        }
    }
}

extension StoreError {
    fileprivate static func expiredList(_ version: Int64) -> StoreError {
        StoreError(
            .expired, "The list at version \(version) can no longer be gone on with: too much has changed since.",
            hint: "Begin the list again, without `continue`.")
    }
}
