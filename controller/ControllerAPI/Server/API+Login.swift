// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Identity
import ResourceStore

/// `POST /login`: the only route that looks at credentials by itself, as a one-time token is good for nothing else.
extension API {
    func login(
        _ head: RequestHead, body: () async throws(StatusError) -> [UInt8]
    ) async throws(StatusError) -> APIAnswer {
        guard let login else { throw .noSuchPath("/login") }
        guard head.method == "POST" else { throw .methodNotAllowed(head.method) }
        let bytes = try await body()
        guard bytes.count <= LoginRequest.mostBytes else { throw .tooLarge(limit: LoginRequest.mostBytes) }
        let credentials = PresentedCredentials(certificate: head.certificate, authorization: head.authorization)
        let request = try await read(bytes, head, credentials)
        let answer: LoginAnswer
        do throws(LoginRefusal) { answer = try await login.login(request, credentials) } catch {
            throw Self.refused(error)
        }
        do { return .json(text: String(decoding: try JSONEncoder().encode(answer), as: UTF8.self), status: 201) } catch
        {
            throw .internalError("the answer cannot be written")
        }
    }

    /// A body that is none is told so to callers with a credential only; others learn that they lack one.
    private func read(
        _ bytes: [UInt8], _ head: RequestHead, _ credentials: PresentedCredentials
    ) async throws(StatusError) -> LoginRequest {
        if let request = try? JSONDecoder().decode(LoginRequest.self, from: Data(bytes)) {  // Told below.
            return request
        }
        if case .failure(let failure) = await access.caller(credentials) { throw StatusError(failure) }
        throw .badRequest("the body must be JSON with certificateRequest (PEM) and, where one is used, token")
    }

    private static func refused(_ refusal: LoginRefusal) -> StatusError {
        switch refusal {
        case .denied(let denial): .unauthorized(denial)
        case .invalid(let error): .badRequest("\(error.message) \(error.hint)")
        case .unavailable(let error): .unavailable("nobody can be logged in: \(error.message)")
        case .failed(let error): .internalError("no certificate could be made: \(error.message)")
        }
    }
}
