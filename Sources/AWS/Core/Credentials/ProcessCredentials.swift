// SPDX-License-Identifier: Apache-2.0

/// A profile's `credential_process`: a program that prints keys as JSON, started without a shell.
struct ProcessCredentials: CredentialSource {
    let context: AWSContext
    let profile: AWSProfile
    let command: String
    /// A person may have to touch a key or type a code into the program.
    var deadline: Duration = .seconds(60)

    var name: String { "profile \(profile.name) (credential_process)" }

    /// A set of keys with a long session token takes 2 kB.
    static let largestOutput = 64 * 1_024

    func find() async throws(AWSError) -> CredentialFinding {
        guard let words = SharedConfigFile.words(command[...]), let program = words.first else {
            throw broken("its quotes are not closed.", hint: "Close them; no shell reads this line.")
        }
        let result: ProcessOutput
        do {
            result = try await OutputOfProcess.run(
                words.map { context.environment.expanded($0) ?? $0 }, variables: context.environment.variables,
                largestOutput: Self.largestOutput, deadline: deadline)
        } catch {
            throw explain(error, program)
        }
        guard result.exitStatus == 0 else {
            throw broken(
                "\(program) ended with status \(result.exitStatus).", code: .other,
                hint: "Run it by hand to see what it says; its messages are not shown here, as they may hold secrets.")
        }
        let document = try KeyDocument.parse(result.bytes, of: self)
        guard document.version == 1 else {
            throw broken(
                "\(program) printed a document of version \(document.version.map(String.init) ?? "none").",
                code: .malformedReply, hint: "It must print \"Version\": 1.")
        }
        return .found(try document.credentials(from: self, needsExpiration: false))
    }

    /// The program's arguments may be secrets, so only its name is shown.
    private func explain(_ error: ProcessOutputError, _ program: String) -> AWSError {
        switch error {
        case .notStarted(let reason):
            broken("\(program) was not started: \(reason).", hint: "Correct credential_process; write the full path.")
        case .tooMuchOutput:
            broken(
                "\(program) printed more than \(Self.largestOutput) bytes.", code: .malformedReply,
                hint: "It must print one JSON document.")
        case .timedOut:
            broken(
                "\(program) did not end within \(deadline).", code: .timedOut, hint: "See by hand what it waits for.")
        case .cancelled:
            broken("\(program) was stopped, as nobody waits for it any more.", code: .cancelled, hint: "")
        }
    }
}
