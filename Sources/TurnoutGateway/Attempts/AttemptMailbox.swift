import HTTPTypes
import NIOCore
import Synchronization
import TurnoutProviders

/// What an attempt tells the request it works for.
enum AttemptReport: Sendable {
    /// The provider's response head promises an answer.
    case head(status: Int, HTTPFields, isStream: Bool)
    /// Bytes of the answer.
    case chunk(ByteBuffer)
    /// The body has ended.
    case end
    /// The provider has refused, with a body as far as it came.
    case refused(status: Int, HTTPFields, ByteBuffer)
    /// There was no response, or it broke off.
    case failed(UpstreamFailure)
}

/// Where a request waits for its attempts and its limits.
///
/// A report is handed over in person: whoever puts one waits until it is taken. So a slow reader slows the provider
/// down, and what waits in memory is one chunk an attempt.
final class AttemptMailbox: Sendable {
    /// What ended a wait.
    enum Signal: Sendable {
        case report(Int, AttemptReport)
        /// A limit may have passed.
        case wake
        /// The task that waits was cancelled: the client has gone.
        case gone
    }

    private struct State {
        var reports: [(number: Int, report: AttemptReport, writer: CheckedContinuation<Void, Never>)] = []
        var reader: CheckedContinuation<Signal, Never>?
        var isAwake = false
        var isGone = false
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Hands a report over; returns when it was taken, or at once when nobody will.
    func put(_ report: AttemptReport, from number: Int) async {
        await withCheckedContinuation { writer in
            let reader = state.withLock { state -> CheckedContinuation<Signal, Never>?? in
                if state.isClosed { return .some(nil) }
                if let reader = state.reader {
                    state.reader = nil
                    return .some(reader)
                }
                state.reports.append((number, report, writer))
                return nil
            }
            guard let reader else { return }
            reader?.resume(returning: .report(number, report))
            writer.resume()
        }
    }

    /// Says that a limit may have passed.
    func wake() {
        let reader = state.withLock { state -> CheckedContinuation<Signal, Never>? in
            defer { state.reader = nil }
            state.isAwake = state.reader == nil
            return state.reader
        }
        reader?.resume(returning: .wake)
    }

    /// Waits for whatever comes first; reports come before limits, so that nobody is blamed for our own delay.
    func next() async -> Signal {
        await withTaskCancellationHandler {
            await withCheckedContinuation { reader in
                let (signal, writer) = state.withLock { state -> (Signal?, CheckedContinuation<Void, Never>?) in
                    if state.isGone { return (.gone, nil) }
                    if !state.reports.isEmpty {
                        let first = state.reports.removeFirst()
                        return (.report(first.number, first.report), first.writer)
                    }
                    if state.isAwake {
                        state.isAwake = false
                        return (.wake, nil)
                    }
                    state.reader = reader
                    return (nil, nil)
                }
                writer?.resume()
                if let signal { reader.resume(returning: signal) }
            }
        } onCancel: {
            let reader = state.withLock { state -> CheckedContinuation<Signal, Never>? in
                defer { state.reader = nil }
                state.isGone = true
                return state.reader
            }
            reader?.resume(returning: .gone)
        }
    }

    /// Lets everybody go who waits to hand something over.
    func close() {
        let writers = state.withLock { state in
            defer { state.reports = [] }
            state.isClosed = true
            return state.reports.map(\.writer)
        }
        for writer in writers { writer.resume() }
    }
}
