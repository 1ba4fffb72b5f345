package import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
package import TurnoutCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Speaks HTTP to a provider, with the provider's own key.
package struct HTTPTransport: UpstreamTransport {
    /// How long to wait for what.
    package struct Timeouts: Equatable, Sendable {
        /// For the body of a refusal, which is wanted for its words only.
        ///
        /// Default: 2 seconds.
        package var refusalBody: Duration = .seconds(2)

        /// The defaults.
        package init() {}
    }

    /// How long a provider may say nothing, whatever it is asked: no limit that is set can be longer.
    package static let longestSilence = Duration.seconds(3600)

    private let client: HTTPClient
    private let baseURL: String
    private let authorization: Secret?
    private let timeouts: Timeouts
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - client: Made by ``makeClient()``; shared by all providers.
    ///   - baseURL: Address to which endpoints are appended, such as `https://api.openai.com/v1`.
    ///   - key: Sent as `Authorization: Bearer`; `nil` for providers that want none.
    ///   - timeouts: How long to wait for what.
    ///   - clock: Where waiting for a refusal's body happens.
    package init(
        client: HTTPClient, baseURL: String, key: Secret?, timeouts: Timeouts = Timeouts(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.client = client
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.authorization = key.map { Secret("Bearer \($0.reveal())") }
        self.timeouts = timeouts
        self.clock = clock
    }

    /// A client that suits a gateway: as many connections as there are requests, no redirects, no silent retries.
    ///
    /// - Parameters:
    ///   - connect: How long a connection may take to be made.
    ///   - silence: How long a provider may say nothing, be it before the head or between two chunks; so no limit
    ///     for the head can be longer.
    /// - Returns: A client that must be shut down.
    package static func makeClient(connect: Duration = .seconds(5), silence: Duration = longestSilence) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: TimeAmount(connect), read: TimeAmount(silence))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4096
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func send(_ request: UpstreamRequest) async throws -> UpstreamResponse {
        var outgoing = HTTPClientRequest(url: "\(baseURL)/\(request.endpoint)")
        outgoing.method = .POST
        outgoing.headers.add(name: "content-type", value: "application/json")
        for field in request.headers { outgoing.headers.add(name: field.name.canonicalName, value: field.value) }
        if let authorization { outgoing.headers.add(name: "authorization", value: authorization.reveal()) }
        outgoing.body = .bytes(request.body)
        do {
            // Every other limit is the attempt's own.
            let response = try await client.execute(outgoing, deadline: .now() + TimeAmount(Self.longestSilence))
            let status = Int(response.status.code)
            let isRefusal = !(200..<300 ~= status)
            return UpstreamResponse(
                status: status, headers: Self.fields(response.headers),
                body: isRefusal ? try await refusal(response.body) : Self.body(response.body))
        } catch {
            throw Self.failure(error, otherwise: UpstreamFailure(.connect, "the provider cannot be reached"))
        }
    }

    private static func body(_ body: HTTPClientResponse.Body) -> UpstreamBody {
        var iterator = body.makeAsyncIterator()
        return UpstreamBody {
            do {
                return try await iterator.next(isolation: #isolation)
            } catch {
                throw Self.failure(error, otherwise: UpstreamFailure(.connectionLost, "the connection broke"))
            }
        }
    }

    /// The body of a refusal, as far as it comes in time: the next candidate must not wait for it.
    private func refusal(_ body: HTTPClientResponse.Body) async throws -> UpstreamBody {
        let limit = timeouts.refusalBody
        let collected = await withTaskGroup(of: ByteBuffer?.self) { [clock] group in
            group.addTask { try? await body.collect(upTo: 64 << 10) }
            group.addTask {
                try? await clock.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        try Task.checkCancellation()
        return UpstreamBody(collected.map { [$0] } ?? [])
    }

    private static func fields(_ headers: HTTPHeaders) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in headers where ForwardedHeaders.travelsBack(name.lowercased()) {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return fields
    }

    /// What an error means to the attempt engine; `unknown` where nothing more is known than when it came.
    private static func failure(_ error: any Error, otherwise unknown: UpstreamFailure) -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .cancelled: return UpstreamFailure(.connectionLost, "the request was cancelled")
            case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
                return UpstreamFailure(.connect, "no connection within the time limit")
            case .deadlineExceeded: return UpstreamFailure(.timeout, "no response within the time limit")
            case .readTimeout: return UpstreamFailure(.timeout, "the provider fell silent")
            case .invalidURL, .emptyHost, .emptyScheme: return UpstreamFailure(.connect, "the base_url is not valid")
            // This case carries values, so that its name is all there is to compare.
            case _ where error.shortDescription == HTTPClientError.invalidHeaderFieldValues([]).shortDescription:
                return UpstreamFailure(.connect, "the api_key holds a character that HTTP cannot carry")
            default: return UpstreamFailure(.connectionLost, "the provider closed the connection")
            }
        case is HTTPParserError:
            return UpstreamFailure(.connectionLost, "the provider's response is not HTTP")
        case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode):
            return UpstreamFailure(.connectionLost, "the provider reset the connection")
        default:
            return unknown
        }
    }
}
