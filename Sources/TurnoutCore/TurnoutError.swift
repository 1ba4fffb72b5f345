/// A failure that a person can act upon.
///
/// The message says what is wrong, where, what was expected and how to mend it. It never carries
/// prompts, completions or keys.
public struct TurnoutError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; programs branch on this, people read ``message``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case invalidArgument, invalidData, invalidConfiguration, damagedFile, unsupported, insufficientData, io,
                network
        }
        private let kind: Kind

        /// An option or parameter is outside what it may be.
        public static let invalidArgument = Code(kind: .invalidArgument)
        /// A data row or file cannot be read as what it should be.
        public static let invalidData = Code(kind: .invalidData)
        /// The configuration file is not valid.
        public static let invalidConfiguration = Code(kind: .invalidConfiguration)
        /// An artifact or model file is damaged, truncated or foreign.
        public static let damagedFile = Code(kind: .damagedFile)
        /// The file or request is valid but asks for what this version does not do.
        public static let unsupported = Code(kind: .unsupported)
        /// There is too little data, or data of too few kinds, to learn from.
        public static let insufficientData = Code(kind: .insufficientData)
        /// The operating system refused to read or write a file.
        public static let io = Code(kind: .io)
        /// An address cannot be listened on, or another machine cannot be reached.
        public static let network = Code(kind: .network)

        /// The code's name.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// One or two sentences for a person.
    public let message: String
    /// The failure underneath, where there is one.
    public let cause: (any Error)?

    /// Describes a failure.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message alone.
    public var description: String { message }
}
