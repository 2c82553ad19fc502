// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import FoundationEssentials

/// A file of servers, users and contexts in the form that `kubectl` reads too
/// (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). What we do not know in it is kept as it is.
package struct KubeconfigFile: Sendable {
    /// Where it lies: relative paths in it are relative to its folder.
    package var path: String
    /// The whole file as a tree.
    package private(set) var tree: ManifestNode

    /// A file with nothing in it yet.
    package init(newAt path: String) {
        self.path = path
        tree = ManifestNode(
            .mapping([
                .init(key: "apiVersion", value: ManifestNode(.text("v1"))),
                .init(key: "kind", value: ManifestNode(.text("Config"))),
            ]))
    }

    /// From the bytes of a file. Throws a failure with every problem of the text, or one that names what is no
    /// kubeconfig.
    package init(path: String, bytes: [UInt8]) throws(CommandFailure) {
        self.init(newAt: path)
        do throws(ValidationFailure) {
            guard let tree = try ConfigurationText.read(bytes: bytes, file: path) else { return }
            self.tree = tree
        } catch {
            throw CommandFailure(error)
        }
        guard tree["kind"]?.text == "Config", tree["apiVersion"]?.text == "v1" else {
            throw CommandFailure(
                .usage, "\(path) is no file of contexts: it lacks apiVersion: v1 and kind: Config",
                hint: "Write one with `rebound login`, or give another with --config.")
        }
    }

    /// The file as text.
    package var text: String { ConfigurationText.yaml(tree) }

    /// The names of the contexts, in the order written.
    package var contextNames: [String] { list("contexts").compactMap { $0["name"]?.text } }

    /// The context that is used when none is named.
    package var currentContext: String? {
        tree["current-context"]?.text.flatMap { $0.isEmpty ? nil : $0 }
    }

    // MARK: Reading

    /// What a context says. Throws when it, its cluster or its user is missing, or says what we cannot do.
    package func context(named name: String) throws(CommandFailure) -> ServerContext {
        let context = try entry("contexts", name, holding: "context")
        let cluster = try entry("clusters", context["cluster"]?.text ?? "", holding: "cluster")
        guard let server = cluster["server"]?.text else {
            throw failure("the cluster of the context \(name) has no server", "Write its address under server:.")
        }
        guard cluster["insecure-skip-tls-verify"]?.boolean != true else {
            throw failure(
                "the cluster of the context \(name) asks not to verify the server (insecure-skip-tls-verify)",
                "Give its authority under certificate-authority-data: instead; verification is never turned off.")
        }
        var found = ServerContext(server: server)
        found.name = name
        found.namespace = context["namespace"]?.text
        found.serverName = cluster["tls-server-name"]?.text
        found.authoritiesPEM = try bytes(of: cluster, "certificate-authority")
        if let user = context["user"]?.text { found.credential = try credential(of: user) }
        return found
    }

    private func credential(of name: String) throws(CommandFailure) -> ServerContext.Credential {
        let user = try entry("users", name, holding: "user")
        for unknown in ["exec", "auth-provider", "username"] where user[unknown] != nil {
            throw failure(
                "the user \(name) proves who he is by \(unknown), which is not spoken here",
                "Use a client certificate (`rebound login`) or a token.")
        }
        if let chain = try bytes(of: user, "client-certificate"), let key = try bytes(of: user, "client-key") {
            return .certificate(chainPEM: chain, keyPEM: key)
        }
        if let path = user["tokenFile"]?.text { return .tokenFile(resolved(path)) }
        if let token = user["token"]?.text { return .token(token) }
        return .none
    }

    /// `NAME-data` in base64, or the file that `NAME` names.
    private func bytes(of entry: ManifestNode, _ name: String) throws(CommandFailure) -> [UInt8]? {
        if let text = entry[name + "-data"]?.text {
            guard let data = Data(base64Encoded: text) else {
                throw failure("\(name)-data is not base64", "Write it anew with `rebound login`.")
            }
            return Array(data)
        }
        guard let path = entry[name]?.text else { return nil }
        return try FileBytes.read(resolved(path))
    }

    private func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = self.path.lastIndex(of: "/") else { return path }
        return self.path[...slash] + path
    }

    private func entry(_ list: String, _ name: String, holding key: String) throws(CommandFailure) -> ManifestNode {
        let entries = self.list(list)
        if let inside = entries.first(where: { $0["name"]?.text == name })?[key] { return inside }
        let names = entries.compactMap { $0["name"]?.text }
        let near = NearMiss.nearest(to: name, in: names).map { "Did you mean \($0)?" }
        let all = names.isEmpty ? "It has none." : "It has \(names.joined(separator: ", "))."
        throw failure("there is no \(key) \(name)", near ?? all)
    }

    private func failure(_ what: String, _ hint: String) -> CommandFailure {
        CommandFailure(.usage, "\(path): \(what)", hint: hint)
    }

    private func list(_ key: String) -> [ManifestNode] { tree[key]?.items ?? [] }

    // MARK: Writing

    /// Puts a context, its cluster and its user in, all under one name, in place of those of that name, and makes it
    /// the current one.
    package mutating func keep(_ context: ServerContext, as name: String) {
        replace("clusters", name, "cluster", Self.cluster(context))
        replace("users", name, "user", Self.user(context.credential))
        var entries = [Self.text("cluster", name), Self.text("user", name)]
        if let namespace = context.namespace { entries.append(Self.text("namespace", namespace)) }
        replace("contexts", name, "context", entries)
        setCurrent(name)
    }

    /// Makes a context the current one.
    package mutating func setCurrent(_ name: String) { set("current-context", ManifestNode(.text(name))) }

    private static func cluster(_ context: ServerContext) -> [ManifestNode.Entry] {
        var entries = [text("server", context.server)]
        if let name = context.serverName { entries.append(text("tls-server-name", name)) }
        if let pem = context.authoritiesPEM { entries.append(text("certificate-authority-data", base64(pem))) }
        return entries
    }

    private static func user(_ credential: ServerContext.Credential) -> [ManifestNode.Entry] {
        switch credential {
        case .none: []
        case .token(let token): [text("token", token)]
        case .tokenFile(let path): [text("tokenFile", path)]
        case .certificate(let chain, let key):
            [text("client-certificate-data", base64(chain)), text("client-key-data", base64(key))]
        }
    }

    private static func text(_ key: String, _ value: String) -> ManifestNode.Entry {
        .init(key: key, value: ManifestNode(.text(value)))
    }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    private mutating func replace(_ list: String, _ name: String, _ key: String, _ inside: [ManifestNode.Entry]) {
        let entry = ManifestNode(
            .mapping([Self.text("name", name), .init(key: key, value: ManifestNode(.mapping(inside)))]))
        var entries = self.list(list)
        if let index = entries.firstIndex(where: { $0["name"]?.text == name }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
        set(list, ManifestNode(.sequence(entries)))
    }

    private mutating func set(_ key: String, _ value: ManifestNode) {
        var entries = tree.entries ?? []
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = value
        } else {
            entries.append(.init(key: key, value: value))
        }
        tree = ManifestNode(.mapping(entries))
    }
}
