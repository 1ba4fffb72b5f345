import NIOCore
package import NIOPosix
package import TurnoutCore
package import TurnoutEncoders
import TurnoutNumerics
import TurnoutProviders

/// A model that turns texts into vectors in this process.
///
/// Texts are encoded on threads of their own, so that no connection waits for a computation. A request is cut into
/// parts of about as much as a transformer computes at once; each takes its turn behind those of other requests, and a
/// client that goes takes the parts with it that have not begun.
package struct LocalEncoder: Sendable {
    /// The name that clients ask for.
    package let model: ModelID
    private let encoder: any TextEncoder
    private let threads: NIOThreadPool

    /// Bytes of text in a part, unless a single text has more: about the 1,024 tokens that are computed together.
    static let bytesPerPart = 4096

    /// - Parameters:
    ///   - model: The name that clients ask for.
    ///   - encoder: Shared by all requests.
    ///   - threads: Where it runs. Default: as many threads as there are cores.
    package init(model: ModelID, encoder: any TextEncoder, threads: NIOThreadPool = .singleton) {
        self.model = model
        self.encoder = encoder
        self.threads = threads
    }

    /// Encodes what is asked for.
    ///
    /// - Throws: ``GatewayError`` when the vectors cannot have the length that is asked for or hold numbers that are
    ///   none, `CancellationError` when the client has gone.
    func answer(_ input: EmbeddingsInput) async throws -> EmbeddingsAnswer {
        if let dimensions = input.dimensions, dimensions != encoder.dimension {
            throw GatewayError.client(
                status: 400,
                """
                'dimensions' is \(dimensions), but vectors of '\(model)' have \(encoder.dimension) numbers, of which \
                none can be left out; leave 'dimensions' out instead
                """, field: "dimensions")
        }
        let parts = try await Self.parts(of: input.texts).concurrentMap(atMost: System.coreCount) { range in
            try await threads.runIfActive { try part(range, of: input) }
        }
        return EmbeddingsAnswer(model: model, parts: parts)
    }

    private func part(_ range: Range<Int>, of input: EmbeddingsInput) throws -> EmbeddingsAnswer.Part {
        let vectors = encoder.encode(Array(input.texts[range]))
        guard vectors.storage.allSatisfy({ $0.isFinite }) else {
            throw GatewayError.upstream(
                status: 500, "the encoder of '\(model)' gives numbers that are not finite; its weights are damaged",
                code: "encoder_failed")
        }
        return EmbeddingsAnswer.Part(
            vectors, first: range.lowerBound, format: input.format,
            counts: input.texts[range].map { encoder.tokenCount(of: $0) })
    }

    /// Consecutive ranges of texts, each of one text or of at most ``bytesPerPart`` bytes.
    static func parts(of texts: [String]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var (start, bytes) = (0, 0)
        for (index, text) in texts.enumerated() {
            if index > start, bytes + text.utf8.count > bytesPerPart {
                parts.append(start..<index)
                (start, bytes) = (index, 0)
            }
            bytes += text.utf8.count
        }
        return start < texts.count ? parts + [start..<texts.count] : parts
    }
}
