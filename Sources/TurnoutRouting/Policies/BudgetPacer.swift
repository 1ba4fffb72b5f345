import Foundation
public import TurnoutCore

/// Spends an amount evenly over a period, and caps it.
///
/// **Pacing.** Queries go to the candidate with the greatest `estimate − λ · cost`. λ is the price of money: after each
/// request it grows when the request cost more than its share of what is left, and falls when it cost less,
/// `log λ += step · (cost / share − 1)`: a primal–dual method with multiplicative updates (Balseiro and Gur 2019,
/// "Learning in Repeated Auctions with Budgets"). The share is what is left over the requests that are still to be
/// expected: as many as the course of the last period makes likely, so that a daily swing is known from the second day on.
///
/// **The cap.** Before a request is sent, what it may cost is reserved; it is settled when the cost is known. What is
/// spent and reserved together never exceeds the amount: a candidate that may cost more than is left is filtered.
/// What can be overspent is what requests in flight cost beyond their reservation: one asked twice is billed twice.
public struct BudgetPacer: Sendable, Equatable {
    /// An amount for each period.
    public struct Limit: Sendable, Hashable {
        /// What may be spent.
        public var amount: Money
        /// In how many seconds.
        public var period: Double

        /// Sets both; positive.
        public init(amount: Money, period: Double) {
            self.amount = amount
            self.period = period
        }
    }

    /// What a decision needs to know.
    public struct Reading: Sendable, Equatable {
        /// λ: the quality that a dollar must buy.
        public var multiplier: Double
        /// What is neither spent nor reserved.
        public var remaining: Money

        /// Sets both.
        public init(multiplier: Double, remaining: Money) {
            self.multiplier = multiplier
            self.remaining = remaining
        }
    }

    /// The amount and the period.
    public let limit: Limit
    /// What was spent in this period.
    public private(set) var spent = Money.zero
    /// What requests under way may still cost.
    public private(set) var reserved = Money.zero
    private var periodStart: Double
    private var logMultiplier: Double?
    private var forecast = ArrivalForecast()

    /// How far λ moves: half as far again after some dozen requests that cost twice their share.
    private static let step = 0.03

    /// Starts a period.
    ///
    /// - Parameters:
    ///   - limit: The amount and the period.
    ///   - time: Seconds on the clock that all later times are read off.
    public init(limit: Limit, time: Double) {
        self.limit = limit
        self.periodStart = time
    }

    /// What holds for a request that arrives now.
    public mutating func arrive(at time: Double) -> Reading {
        startPeriod(at: time)
        forecast.arrive(at: place(of: time))
        return Reading(multiplier: logMultiplier.map(exp) ?? 0, remaining: left)
    }

    /// Sets aside what a request may cost.
    ///
    /// - Returns: Whether as much was left; nothing is set aside otherwise.
    public mutating func reserve(_ most: Money) -> Bool {
        guard most == .zero || most <= left else { return false }
        reserved = reserved + most
        return true
    }

    /// What is neither spent nor reserved.
    private var left: Money {
        Money(nanoDollars: max(limit.amount.nanoDollars - (spent + reserved).nanoDollars, 0))
    }

    /// Books what a request has cost and gives back what was set aside for it.
    ///
    /// - Parameters:
    ///   - cost: What it has cost; `nil` when nobody knows, and then what was set aside counts.
    ///   - most: What was set aside.
    ///   - time: Now.
    public mutating func settle(_ cost: Money?, reserved most: Money, at time: Double) {
        startPeriod(at: time)
        reserved = Money(nanoDollars: max(reserved.nanoDollars - most.nanoDollars, 0))
        let cost = cost ?? most
        let share = self.share(at: time)
        spent = spent + cost
        guard let share, share > 0 else { return }
        // The first λ makes a typical cost weigh as much as a tenth of the scale of quality.
        let old = logMultiplier ?? log(0.1 / share)
        let error = min(cost.dollars / share - 1, 3)
        logMultiplier = min(max(old + Self.step * error, log(1e-4 / share)), log(1e4 / share))
    }

    /// Dollars that a request may cost on average from here to the end of the period; `nil` while nobody knows how many
    /// are to come.
    private func share(at time: Double) -> Double? {
        forecast.remaining(at: place(of: time)).map { left.dollars / $0 }
    }

    /// 0 at the beginning of the period, 1 at its end.
    private func place(of time: Double) -> Double { (time - periodStart) / limit.period }

    /// Begins anew when the period is over; what is reserved carries over, for it may still be spent.
    private mutating func startPeriod(at time: Double) {
        let periods = ((time - periodStart) / limit.period).rounded(.down)
        guard periods >= 1 else { return }
        periodStart += periods * limit.period
        spent = .zero
        forecast.startPeriod()
    }
}
