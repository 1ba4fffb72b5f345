import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import TurnoutCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What can go wrong between here and the hub, in words.
enum NetworkFailure {
    /// The failure behind an error of the HTTP client; cancellation stays what it is.
    static func named(_ error: any Error) -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        switch error {
        case is HubFailure, is HubRefusal, is TurnoutError: return error
        case let error as HTTPClientError: return failure(error)
        case is HTTPParserError: return transient("the hub's answer is not HTTP")
        case is NIOTooManyBytesError: return HubFailure(.permanent(.network), "the hub's list of files has no end")
        case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode):
            return transient("the connection to the hub was reset")
        default: return transient("the hub cannot be reached; check the network and HF_ENDPOINT")
        }
    }

    private static func failure(_ error: HTTPClientError) -> any Error {
        switch error {
        case .cancelled: CancellationError()
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            transient("no connection to the hub within the time limit; check the network and HF_ENDPOINT")
        case .readTimeout, .deadlineExceeded: transient("the hub fell silent")
        case .invalidURL, .emptyHost, .emptyScheme:
            HubFailure(.permanent(.network), "the hub leads to an address that is not valid")
        default: transient("the hub closed the connection")
        }
    }

    private static func transient(_ message: String) -> HubFailure { HubFailure(.transient(notBefore: nil), message) }
}
