// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc

/// One authority taking the place of another in the controller's folder of keys, with a time in which both are trusted.
///
/// Three steps, a restart of the controller after each, and time between them for the clients to follow:
///
/// 1. `prepare` makes the next authority. Clients learn to trust it with their next login; nothing is signed by it.
/// 2. `switchOver`: the next one signs from now on, the server's certificate too; what the former has signed is good
///    until it expires.
/// 3. `retire`: the former is trusted no more.
///
/// Each step is one rename or link, can be repeated, and leaves an authority in place wherever it is interrupted.
package struct AuthorityFiles: Sendable {
    /// Where the replacement stands.
    package enum Stage: String, Sendable, Codable { case alone, prepared, switched }

    let folder: String
    var current: String { folder + "/authority.pem" }
    var next: String { folder + "/authority-next.pem" }
    var former: String { folder + "/authority-former.pem" }

    /// `folder` is the controller's folder of keys.
    package init(folder: String) { self.folder = folder }

    /// Throws `.unreadableFile`, and `.notAnAuthority` where the controller has made none there.
    package func stage() throws(IdentityError) -> Stage {
        try requireCurrent()
        if try DurableFile.read(next) != nil { return .prepared }
        return try DurableFile.read(former) == nil ? .alone : .switched
    }

    /// The certificates of the authority that signs and of those beside it, by file name.
    package func certificates() throws(IdentityError) -> [(file: String, certificate: Certificate)] {
        var found: [(file: String, certificate: Certificate)] = []
        for path in [current, next, former] {
            guard let bytes = try DurableFile.read(path) else { continue }
            found.append((path, try Certificate.read(pem: bytes, name: path)[0]))
        }
        return found
    }

    /// Makes the next authority, unless there is one. Throws `.unsafeFile` while a former one is still trusted.
    package func prepare(at now: Timestamp) throws(IdentityError) -> Certificate {
        try requireCurrent()
        try refuseFormer("another authority cannot be prepared")
        return try IdentityFolder.makeAuthority(next, at: now).certificate
    }

    /// Puts the next authority in the place of the one that signs, which becomes the former. Throws `.unreadableFile`
    /// when none was prepared, and `.unsafeFile` while an older one is still trusted.
    package func switchOver(at now: Timestamp) throws(IdentityError) -> Certificate {
        try requireCurrent()
        guard let bytes = try DurableFile.read(next) else {
            throw IdentityError(
                .unreadableFile, "There is no \(next).", hint: "Run `rebound-controller authority prepare` first.")
        }
        let made = try CertificateAuthority(
            certificatePEM: bytes, certificateName: next, keyPEM: bytes, keyName: next, at: now)
        // A former one with the contents of the current is of an earlier try that was interrupted here.
        if try DurableFile.read(former) != DurableFile.read(current) {
            try refuseFormer("another cannot become the former")
            guard link(current, former) == 0 else { throw DurableFile.failure(.cannotWrite, former, errno) }
        }
        guard rename(next, current) == 0 else { throw DurableFile.failure(.cannotWrite, current, errno) }
        try DurableFile.syncFolder(of: current)
        return made.certificate
    }

    /// Ends the trust in the former authority. False when there is none.
    package func retire() throws(IdentityError) -> Bool {
        if try DurableFile.read(next) != nil, try DurableFile.read(former) == DurableFile.read(current) {
            throw IdentityError(
                .unsafeFile, "The authority is about to be switched: \(next) is still there.",
                hint: "Run `rebound-controller authority switch` again.")
        }
        if unlink(former) != 0 {
            guard errno == ENOENT else { throw DurableFile.failure(.cannotWrite, former, errno) }
            return false
        }
        try DurableFile.syncFolder(of: former)
        return true
    }

    /// The authority, with the next and the former beside it.
    func beside(_ authority: CertificateAuthority) throws(IdentityError) -> CertificateAuthority {
        var authority = authority
        for path in [next, former] {
            guard let bytes = try DurableFile.read(path) else { continue }
            authority = try authority.accepting([try Certificate.read(pem: bytes, name: path)[0]], name: path)
        }
        return authority
    }

    private func requireCurrent() throws(IdentityError) {
        if try DurableFile.read(current) != nil { return }
        throw IdentityError(
            .notAnAuthority, "There is no authority of the controller's own in \(folder).",
            hint: "Start the controller once; one of yours (tls.authority) is replaced where it is kept.")
    }

    private func refuseFormer(_ what: String) throws(IdentityError) {
        guard try DurableFile.read(former) != nil else { return }
        throw IdentityError(
            .unsafeFile, "The authority in \(former) is still trusted: \(what).",
            hint: "Run `rebound-controller authority retire` when all have logged in since the switch.")
    }
}
