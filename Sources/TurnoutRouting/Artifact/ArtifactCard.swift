public import TurnoutCore

/// What an artifact says about itself: stored as JSON in the safetensors metadata under `card`.
public struct ArtifactCard: Sendable, Codable, Equatable {
    /// A file of training data.
    public struct Source: Sendable, Codable, Equatable {
        /// File name without its folder.
        public var file: String
        /// Distinct prompts in the file, less those that an earlier file has.
        public var rows: Int
        /// SHA-256 of the file's bytes, hexadecimal.
        public var sha256: String
        /// SPDX identifier, where it was given.
        public var licence: String?

        /// Describes a file.
        public init(file: String, rows: Int, sha256: String, licence: String? = nil) {
            self.file = file
            self.rows = rows
            self.sha256 = sha256
            self.licence = licence
        }
    }

    /// A measured figure with its interval.
    public struct Metric: Sendable, Codable, Equatable {
        /// What was measured and on what, such as `apgr`.
        public var name: String
        /// The estimate.
        public var value: Double
        /// Lower end of the 95 % interval.
        public var low: Double
        /// Upper end of the 95 % interval.
        public var high: Double

        /// Sets name, value and interval.
        public init(name: String, value: Double, low: Double, high: Double) {
            self.name = name
            self.value = value
            self.low = low
            self.high = high
        }
    }

    /// The encoder that the weights belong to.
    public struct Encoder: Sendable, Codable, Equatable {
        /// The encoder's name.
        public var name: String
        /// The encoder's fingerprint.
        public var sha256: String

        /// Names an encoder.
        public init(name: String, sha256: String) {
            self.name = name
            self.sha256 = sha256
        }
    }

    /// The version of the format, ``currentFormat`` for new files.
    public var format: Int
    /// The kind of router, such as `linear` or `difficulty`.
    public var kind: String
    /// The encoder it needs.
    public var encoder: Encoder
    /// The models it has estimates for, in the order of its heads; empty when it ranks any candidates.
    public var models: [ModelID]
    /// What it was trained on.
    public var sources: [Source]
    /// How it did on rows it had not seen.
    public var metrics: [Metric]
    /// Remarks for people, such as what the artifact must not be used for.
    public var notes: String
    /// ISO 8601 date and time.
    public var createdAt: String
    /// The version of Turnout that wrote it.
    public var software: String
    /// Quantiles of the user's own traffic, where `turnout calibrate` has stored them.
    public var calibration: ScoreCalibration?
    /// What is promised of the router, where `turnout certify` has stored it.
    public var certificate: Certificate?

    /// The format that this version writes; it reads all from 1 up to this one.
    public static let currentFormat = 1

    /// Fills a card for a new artifact.
    public init(
        kind: String, encoder: Encoder, models: [ModelID], sources: [Source], metrics: [Metric] = [],
        notes: String = "", createdAt: String
    ) {
        self.format = Self.currentFormat
        self.kind = kind
        self.encoder = encoder
        self.models = models
        self.sources = sources
        self.metrics = metrics
        self.notes = notes
        self.createdAt = createdAt
        self.software = turnoutVersion
    }
}
