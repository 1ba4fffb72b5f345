import Crypto
import Foundation
public import TurnoutCore

/// A promise about a router with a number on it, as it stands in the artifact's card.
///
/// "With probability ``confidence``, sending the queries whose score is below ``threshold`` to ``weak`` loses at most
/// ``epsilon`` on average." It belongs to one router, two models and one kind of traffic. Loading an artifact verifies
/// that the certificate is the one that was issued and that the router is the one it was issued for. That guards
/// against mistakes, not against someone who means to deceive: it is not signed.
public struct Certificate: Sendable, Codable, Equatable {
    /// The promise for one group of queries.
    public struct Group: Sendable, Codable, Equatable {
        /// The group's name.
        public var name: String
        /// Its calibration queries.
        public var n: Int
        /// The threshold that holds within this group.
        public var threshold: Double
        /// The share of the group's queries below it.
        public var weakShare: Double

        /// Sets all fields.
        public init(name: String, n: Int, threshold: Double, weakShare: Double) {
            self.name = name
            self.n = n
            self.threshold = threshold
            self.weakShare = weakShare
        }
    }

    /// Scores below it go to the weak model.
    public var threshold: Double
    /// The share of the calibration queries that lie below it.
    public var weakShare: Double
    /// What is counted as a loss.
    public var loss: RiskLoss
    /// The greatest mean loss that is allowed; for ``RiskLoss/drop`` as a share of the scale.
    public var epsilon: Double
    /// The probability that the promise is broken by bad luck with the calibration queries.
    public var delta: Double
    /// How many calibration queries there were.
    public var n: Int
    /// The weak model, as the router knows it.
    public var weak: ModelID
    /// The strong model, as the router knows it.
    public var strong: ModelID
    /// The calibration files.
    public var sources: [ArtifactCard.Source]
    /// The field whose groups the promise holds in, each by itself; absent when it holds over all queries.
    public var groupedBy: String?
    /// One entry for each group; empty when the promise is over all queries.
    public var groups: [Group]
    /// ISO 8601 date and time of issue.
    public var issuedAt: String
    /// ISO 8601 date and time from which on it should not be relied on.
    public var expiresAt: String
    /// What the promise does not cover, one sentence each.
    public var notCovered: [String]
    /// Fingerprint of the router it was issued for.
    public var router = ""
    /// SHA-256 of all other fields.
    public private(set) var seal = ""

    /// Sets what was found; ``sealed(forRouter:)`` makes it a certificate.
    public init(
        threshold: Double, weakShare: Double, loss: RiskLoss, epsilon: Double, delta: Double, n: Int, weak: ModelID,
        strong: ModelID, sources: [ArtifactCard.Source], groupedBy: String? = nil, groups: [Group] = [],
        issuedAt: String, expiresAt: String
    ) {
        self.threshold = threshold
        self.weakShare = weakShare
        self.loss = loss
        self.epsilon = epsilon
        self.delta = delta
        self.n = n
        self.weak = weak
        self.strong = strong
        self.sources = sources
        self.groupedBy = groupedBy
        self.groups = groups
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.notCovered = Self.limits
    }

    /// One minus ``delta``.
    public var confidence: Double { 1 - delta }

    /// Whether it should no longer be relied on.
    ///
    /// - Parameter time: The present in ISO 8601, in the form of ``expiresAt`` (UTC, whole seconds).
    /// - Returns: `true` from the moment of expiry on.
    public func isExpired(at time: String) -> Bool { time >= expiresAt }

    /// Says in a sentence that it should no longer be relied on.
    ///
    /// - Parameters:
    ///   - router: What the router is called that carries it.
    ///   - time: The present, as in ``isExpired(at:)``.
    /// - Returns: `nil` while it holds.
    package func expiryNotice(router: String, at time: String) -> String? {
        guard isExpired(at: time) else { return nil }
        return "The certificate of \(router) expired on \(expiresAt) and promises nothing any more; certify again."
    }

    /// The certificate, bound to a router.
    ///
    /// - Parameter fingerprint: What ``RouterArtifact/rewriteCard(of:to:_:)`` says it is.
    /// - Returns: A copy that ``RouterArtifact`` accepts beside that router.
    /// - Throws: An encoding error when a number is not finite.
    public func sealed(forRouter fingerprint: String) throws -> Certificate {
        var copy = self
        copy.router = fingerprint
        copy.seal = try copy.computedSeal()
        return copy
    }

    func computedSeal() throws -> String {
        var bare = self
        bare.seal = ""
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return SHA256.hash(data: try encoder.encode(bare)).hexadecimal
    }

    private static let limits = [
        "traffic that differs from the calibration queries",
        "other versions of the two models than those that answered the calibration queries",
        "labels that are wrong, such as a judge's mistakes",
        "single queries: the promise is about the mean",
    ]
}
