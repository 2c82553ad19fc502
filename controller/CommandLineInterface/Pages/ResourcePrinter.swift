// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// Writes resources in the form that was asked for, at once or as they change.
struct ResourcePrinter: Sendable {
    var console: Console
    var format: ListFormat
    var noColor: Bool
    var showsNamespace: Bool
    var now: @Sendable () -> Timestamp
    /// Whether other types are shown beside this one: then their names say of what type they are.
    var isOneOfSeveral: Bool

    func print<T: ResourceTable>(_ table: T.Type, one resource: T.Row) throws {
        switch format {
        case .json: try console.answer(try DocumentWriter.json(resource))
        case .yaml: try console.answer(try DocumentWriter.yaml(resource))
        case .table, .wide, .name: try print(table, Listing(items: [resource], resourceVersion: ""))
        }
    }

    func print<T: ResourceTable>(_ table: T.Type, _ list: Listing<T.Row>) throws {
        let items = list.items.sorted { $0.metadata.creationOrder < $1.metadata.creationOrder }
        switch format {
        case .json:
            try console.answer(try DocumentWriter.json(document(items, list)))
        case .yaml:
            let text = try DocumentWriter.yaml(document(items, list))
            try console.answer(isOneOfSeveral ? "---\n" + text : text)
        case .name:
            try console.answer(items.map { ResourceName.fullName(T.Row.kind, $0.metadata.name) + "\n" }.joined())
        case .table, .wide:
            if items.isEmpty { return console.notice([StyledLine("no \(T.Row.kind.plural) found", .dim)]) }
            try answer(rows(table, items).lines())
        }
    }

    private func document<R: Resource>(_ items: [R], _ list: Listing<R>) -> ResourceListDocument<R> {
        ResourceListDocument(items: items, version: list.resourceVersion)
    }

    private func rows<T: ResourceTable>(_ table: T.Type, _ items: [T.Row]) -> TextTable {
        table.table(
            items, now: now(), isWide: format == .wide, showsNamespace: showsNamespace && T.Row.kind.isNamespaced,
            prefix: isOneOfSeveral ? ResourceName.fullName(T.Row.kind, "") : "")
    }

    private func answer(_ lines: [StyledLine]) throws {
        try console.answer(console.palette(for: console.output, noColor: noColor).text(lines))
    }

    // MARK: Changes as they come

    /// What there is, and then a line or document for each change, until cancelled.
    func watch<T: ResourceTable>(
        _ table: T.Type, in backend: any Backend, namespace: String?, selection: Selection
    ) async throws {
        var widths: [Int]?
        try await backend.follow(T.Row.self, namespace: namespace, selection: selection) { step in
            switch step {
            case .listed(let list): try show(table, list.items, &widths)
            case .added(let resource), .modified(let resource), .deleted(let resource):
                try show(table, [resource], &widths)
            case .trouble(let text): console.notice([StyledLine(text, .warning)], noColor: noColor)
            }
            return false
        }
    }

    private func show<T: ResourceTable>(_ table: T.Type, _ items: [T.Row], _ widths: inout [Int]?) throws {
        switch format {
        case .json: for item in items { try console.answer(try DocumentWriter.json(item)) }
        case .yaml: for item in items { try console.answer("---\n" + (try DocumentWriter.yaml(item))) }
        case .name:
            for item in items { try console.answer(ResourceName.fullName(T.Row.kind, item.metadata.name) + "\n") }
        case .table, .wide:
            if items.isEmpty { return }
            // Later rows are laid out as the first were, so that the columns stay where they are.
            let rows = rows(table, items)
            let lines = rows.lines(atLeast: widths ?? [])
            try answer(widths == nil ? lines : Array(lines.dropFirst()))
            widths = widths ?? rows.widths
        }
    }
}
