public import TurnoutCore

/// The answer of ``RoutingAdvisor``.
public struct RoutingAdvice: Sendable {
    /// A single model.
    public struct Model: Sendable, Equatable {
        /// The model.
        public let model: ModelID
        /// Mean score, with its 95 % interval.
        public let quality: Interval
        /// Dollars for a thousand requests, with its 95 % interval.
        public let costPerThousand: Interval
        /// Whether no other model is both cheaper and better.
        public let isOnFrontier: Bool
    }

    /// What routing brings beside the best single model, measured on rows that had no say in either.
    public struct Effect: Sendable, Equatable {
        /// Mean score of the answers.
        public let quality: Interval
        /// Dollars for a thousand requests.
        public let costPerThousand: Interval
        /// Dollars saved on a thousand requests, against the single model.
        public let savingPerThousand: Interval
        /// The same as a share of what the single model costs.
        public let savingShare: Interval
        /// Quality gained or, when negative, lost: against the best model by quality where the wish is to be cheap,
        /// as a share of its quality; else against the single model, in units of score.
        public let qualityChange: Interval
        /// Dollars gained on a thousand requests, quality counted at its value; `nil` without a value.
        public let gainPerThousand: Interval?
        /// Quality above the best mixture of single models, drawn at random, that costs the same.
        public let overMixing: Interval
    }

    /// A plan that routes.
    public struct Route: Sendable, Equatable {
        /// The models, by cost.
        public let models: [ModelID]
        /// Score units that a dollar per request must bring.
        public let lambda: Double
        /// The share of queries that each model answers, in the order of ``models``.
        public let shares: [Double]
        /// What it brings.
        public let effect: Effect
    }

    /// What was asked.
    public let wish: RoutingAdvisor.Wish
    /// How many rows there were.
    public let rows: Int
    /// Every model.
    public let models: [Model]
    /// The single model that serves the wish best.
    public let single: ModelID
    /// The best way to route; `nil` when no way serves the wish, or one model is both best and cheapest.
    public let route: Route?

    /// Whether routing is shown to be worth it, at 95 % confidence.
    public var isWorthIt: Bool {
        guard let effect = route?.effect else { return false }
        switch wish {
        case .cheapest(let maxDrop): return effect.savingPerThousand.low > 0 && effect.qualityChange.low >= -maxDrop
        case .value: return (effect.gainPerThousand?.low ?? 0) > 0
        }
    }

    /// What each request gains in dollars: what is saved, or with a value what is gained in all.
    public var netPerRequest: Interval? {
        (route?.effect.gainPerThousand ?? route?.effect.savingPerThousand).map {
            Interval(value: $0.value / 1000, low: $0.low / 1000, high: $0.high / 1000)
        }
    }

    /// Requests after which a fixed cost has paid for itself: fixed cost / net gain per request.
    ///
    /// - Parameter fixedCost: Dollars, labels and calibration included.
    /// - Returns: The number with its interval; infinite where the gain may be nothing, `nil` when nothing is gained.
    public func breakEvenRequests(fixedCost: Double) -> Interval? {
        guard let net = netPerRequest, net.value > 0 else { return nil }
        func requests(_ gain: Double) -> Double { gain > 0 ? (fixedCost / gain).rounded(.up) : .infinity }
        return Interval(value: requests(net.value), low: requests(net.high), high: requests(net.low))
    }
}
