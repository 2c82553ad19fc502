// SPDX-License-Identifier: Apache-2.0
import AWS

/// What AWS answered, as a value, where the answer is written to the store and the two kinds of error must not mix.
func answer<Value: Sendable>(
    _ ask: () async throws(AWSError) -> Value
) async -> Result<Value, AWSError> {
    do throws(AWSError) { return .success(try await ask()) } catch { return .failure(error) }
}
