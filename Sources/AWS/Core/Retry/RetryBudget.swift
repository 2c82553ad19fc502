// SPDX-License-Identifier: Apache-2.0

/// Tokens that retries cost, so that a service in trouble is not asked several times by every caller.
///
/// Standard mode's figures: 500 tokens; a retry costs 5, after a timeout 10; a call that succeeds on a retry gives back
/// what that retry cost, one that succeeds at once gives 1.
struct RetryBudget: Sendable, Equatable {
    static let capacity = 500
    static let retryCost = 5
    static let timeoutCost = 10
    static let successGain = 1

    private(set) var tokens = RetryBudget.capacity

    /// False, and nothing taken, when the budget is spent.
    mutating func take(_ cost: Int) -> Bool {
        guard tokens >= cost else { return false }
        tokens -= cost
        return true
    }

    mutating func giveBack(_ amount: Int) {
        tokens = min(Self.capacity, tokens + amount)
    }
}
