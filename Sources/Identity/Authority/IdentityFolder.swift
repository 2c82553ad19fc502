// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc

/// The controller's own keys, in a folder of mode 0700 that only it reads.
///
/// - `authority.pem`: the fleet's authority, key and certificate in one file, so that they are never of two makes.
/// - `authority.crt`: its certificate, and those of the next two, for clients to trust.
/// - `authority-next.pem`, `authority-former.pem`: while one authority takes the place of another (`AuthorityFiles`).
/// - `signing.pem`, `signing.pub`: the Ed25519 key that signs audit checkpoints, and its public half.
/// - `signing-ID.pub`: the public halves of keys that signed before it.
package struct IdentityFolder: Sendable {
    /// A certificate and its key in files that somebody else keeps.
    package struct Files: Sendable, Equatable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package let authority: CertificateAuthority
    package let signingKey: PrivateKey
    /// The public keys that sign or signed, the one of now first.
    package let signers: [PublicKey]
    /// Where a client finds the authority's certificate.
    package let authorityPath: String

    /// Reads the folder, and makes what is not there yet: durably, and once, also when several processes start at the
    /// same time. With `own`, that authority is used instead of one made here. Throws an `IdentityError` that names the
    /// file: `.cannotWrite`, `.unreadableFile`, `.unsafeFile`, and what is wrong with an authority.
    package static func open(
        _ path: String, authority own: Files?, at now: Timestamp
    ) throws(IdentityError) -> IdentityFolder {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw DurableFile.failure(.cannotWrite, path, errno)
        }
        let files = AuthorityFiles(folder: path)
        var authority: CertificateAuthority
        if let own {
            authority = try read(own, at: now)
        } else {
            authority = try makeAuthority(files.current, at: now)
        }
        authority = try files.beside(authority)
        let publicPath = path + "/authority.crt"
        try keep(try authority.trustPEM(), at: publicPath)
        let signing = try signingKey(path + "/signing.pem")
        try retire(path, for: signing.publicKey)
        try keep(try signing.publicKey.pem(), at: path + "/signing.pub")
        // Not of the public files, which are put in place by renaming: there a process may still need its own.
        DurableFile.removeLeftovers(in: path, of: ["authority.pem", "authority-next.pem", "signing.pem"])
        let others = try publicKeys(in: path).filter { $0 != signing.publicKey }
        return IdentityFolder(
            authority: authority, signingKey: signing, signers: [signing.publicKey] + others,
            authorityPath: publicPath)
    }

    /// The public keys of a folder that sign or signed, in no order. Needs no right to its secrets. Throws for one that
    /// cannot be read; a folder that is not there has none.
    package static func publicKeys(in path: String) throws(IdentityError) -> [PublicKey] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
                start.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("signing"), name.hasSuffix(".pub") { names.append(path + "/" + name) }
        }
        var keys: [PublicKey] = []
        for name in names.sorted() {
            let key = try PublicKey(pem: try required(name), name: name)
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }

    /// Keeps the public half of the key before, when there is a new one: what it signed is judged by it for ever.
    private static func retire(_ path: String, for key: PublicKey) throws(IdentityError) {
        guard let bytes = try DurableFile.read(path + "/signing.pub") else { return }
        let old = try PublicKey(pem: bytes, name: path + "/signing.pub")
        if old != key { try keep(try old.pem(), at: path + "/signing-\(old.id).pub") }
    }

    static func makeAuthority(
        _ path: String, at now: Timestamp
    ) throws(IdentityError) -> CertificateAuthority {
        let bytes = try DurableFile.createOnce(path) { () throws(IdentityError) in
            let made = try CertificateAuthority.make(at: now)
            return try made.keyPEM() + made.certificate.pem()
        }
        try DurableFile.checkMode(path, forbidden: 0o077)
        return try CertificateAuthority(
            certificatePEM: bytes, certificateName: path, keyPEM: bytes, keyName: path, at: now)
    }

    /// A group may read a key that was given: so Kubernetes mounts secrets. Everybody may not.
    private static func read(_ files: Files, at now: Timestamp) throws(IdentityError) -> CertificateAuthority {
        let certificate = try required(files.certificate)
        let key = try required(files.key)
        try DurableFile.checkMode(files.key, forbidden: 0o007)
        return try CertificateAuthority(
            certificatePEM: certificate, certificateName: files.certificate, keyPEM: key, keyName: files.key, at: now)
    }

    static func required(_ path: String) throws(IdentityError) -> [UInt8] {
        guard let bytes = try DurableFile.read(path) else {
            throw DurableFile.failure(.unreadableFile, path, ENOENT)
        }
        return bytes
    }

    private static func signingKey(_ path: String) throws(IdentityError) -> PrivateKey {
        let bytes = try DurableFile.createOnce(path) { () throws(IdentityError) in
            try PrivateKey.make(.ed25519).pem()
        }
        try DurableFile.checkMode(path, forbidden: 0o077)
        let key = try PrivateKey(pem: bytes, name: path)
        guard key.kind == .ed25519 else {
            throw IdentityError(
                .unsupportedKey, "The key in \(path) is of kind \(key.kind).",
                hint: "Put the Ed25519 key back that was there, or move the file away for a new one.")
        }
        return key
    }

    private static func keep(_ text: String, at path: String) throws(IdentityError) {
        let bytes = Array(text.utf8)
        if try DurableFile.read(path) == bytes { return }
        try DurableFile.replace(path, with: bytes, mode: 0o644)
    }
}
