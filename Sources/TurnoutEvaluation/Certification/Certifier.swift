import TurnoutCore
public import TurnoutRouting

/// Finds the threshold that a promise can be made for, over all queries or in each group of them.
///
/// ``TurnoutRouting/LearnThenTest`` does the test. In groups, each of G groups is tested at δ/G (Bonferroni), so that
/// the promise holds in all of them at once; the least of their thresholds keeps it in every group, because the loss
/// below a threshold only grows with it.
public struct Certifier: Sendable {
    /// The promise that is asked for.
    public struct Goal: Sendable {
        /// The greatest mean loss that is allowed, between 0 and 1.
        public var epsilon: Double
        /// The probability that the promise may be broken, between 0 and 1.
        public var delta: Double
        /// What is counted as a loss.
        public var loss: RiskLoss
        /// The least share of queries for the weak model that makes it worth while, 0…1.
        public var leastWeakShare: Double

        /// Sets the goal.
        ///
        /// - Throws: ``TurnoutError`` with code `.invalidArgument` for numbers that are not between 0 and 1.
        public init(epsilon: Double, delta: Double, loss: RiskLoss = .harm, leastWeakShare: Double = 0.01) throws {
            for (name, value) in [("--max-drop", epsilon), ("1 - --confidence", delta)] where !(value > 0 && value < 1)
            {
                throw TurnoutError(.invalidArgument, "\(name) is \(value), but must lie between 0 and 1, such as 0.05")
            }
            guard epsilon >= 1e-9 else {
                throw TurnoutError(
                    .invalidArgument, "--max-drop is \(epsilon): no number of rows could show that; give at least 1e-9")
            }
            guard leastWeakShare >= 0, leastWeakShare <= 1 else {
                throw TurnoutError(.invalidArgument, "--min-weak-share is \(leastWeakShare), but must lie in 0 to 1")
            }
            self.epsilon = epsilon
            self.delta = delta
            self.loss = loss
            self.leastWeakShare = leastWeakShare
        }
    }

    /// What was found for some queries.
    public struct Finding: Sendable, Equatable {
        /// The group's name; `nil` for all queries.
        public let group: String?
        /// How many queries.
        public let n: Int
        /// The certified threshold; `nil` when none is.
        public let threshold: Double?
        /// The share of these queries below it, with the exact 95 % interval for queries of the same kind.
        public let weakShare: Interval
        /// The mean loss of these queries below it; the promise is about that of queries to come.
        public let observedLoss: Double
    }

    /// The answer.
    public struct Result: Sendable {
        /// What holds for all queries; in groups, at the threshold that holds in each of them.
        public let overall: Finding
        /// What holds in each group, by name; empty without groups.
        public let groups: [Finding]
        /// Whether a threshold is certified that sends at least the asked share to the weak model.
        public let isFeasible: Bool
        /// What could be promised instead; `nil` when the goal is met.
        public let suggestion: CertificateSuggestion?
    }

    /// The promise that is asked for.
    public var goal: Goal
    /// Ascending; fixed without looking at any label.
    public var thresholds: [Double]

    /// Sets the goal and the thresholds that are tested.
    ///
    /// - Parameters:
    ///   - goal: The promise that is asked for.
    ///   - referenceScores: The router's scores on queries that have no part in the calibration.
    public init(goal: Goal, referenceScores: [Double]) {
        self.goal = goal
        self.thresholds = LearnThenTest.thresholds(referenceScores: referenceScores)
    }

    /// Tests the thresholds on calibration queries.
    ///
    /// - Parameters:
    ///   - scores: The router's score of each query.
    ///   - losses: What each loses on the weak model, 0…1.
    ///   - groups: The group of each query; `nil` for a promise over all of them.
    /// - Returns: The threshold, or what could be promised instead.
    /// - Complexity: O(n log n)
    public func certify(scores: [Double], losses: [Double], groups: [String]? = nil) -> Result {
        let all = RiskCurve(scores: scores, losses: losses)
        guard let groups else {
            let test = LearnThenTest(epsilon: goal.epsilon, delta: goal.delta, loss: goal.loss)
            let finding = finding(all, threshold: test.lastAccepted(all, thresholds: thresholds).map { thresholds[$0] })
            return result(finding, groups: [], limiting: all, test)
        }
        let members = Dictionary(grouping: groups.indices, by: { groups[$0] }).sorted { $0.key < $1.key }
        let test = LearnThenTest(
            epsilon: goal.epsilon, delta: goal.delta / Double(members.count), loss: goal.loss)
        let curves = members.map { RiskCurve(scores: $0.value.map { scores[$0] }, losses: $0.value.map { losses[$0] }) }
        let accepted = curves.map { test.lastAccepted($0, thresholds: thresholds) }
        let limiting = accepted.indices.min { (accepted[$0] ?? -1, $0) < (accepted[$1] ?? -1, $1) } ?? 0
        let threshold = accepted[limiting].map { thresholds[$0] }
        let findings = zip(members, zip(curves, accepted)).map { member, found in
            finding(found.0, threshold: found.1.map { thresholds[$0] }, group: member.key)
        }
        return result(
            finding(all, threshold: threshold), groups: findings, limiting: curves[limiting], test,
            group: members[limiting].key)
    }

    private func finding(_ curve: RiskCurve, threshold: Double?, group: String? = nil) -> Finding {
        let count = threshold.map { curve.weakCount(below: $0) } ?? 0
        let (low, high) = Binomial.interval(count, of: curve.count)
        return Finding(
            group: group, n: curve.count, threshold: threshold,
            weakShare: Interval(value: Double(count) / Double(curve.count), low: low, high: high),
            observedLoss: threshold.map { curve.meanLoss(below: $0) } ?? 0)
    }

    private func result(
        _ overall: Finding, groups: [Finding], limiting: RiskCurve, _ test: LearnThenTest, group: String? = nil
    ) -> Result {
        let isFeasible = overall.threshold != nil && overall.weakShare.value >= goal.leastWeakShare
        let suggestion =
            isFeasible
            ? nil
            : CertificateSuggestion(
                limiting, test: test, thresholds: thresholds, leastWeakShare: goal.leastWeakShare, group: group)
        return Result(overall: overall, groups: groups, isFeasible: isFeasible, suggestion: suggestion)
    }
}
