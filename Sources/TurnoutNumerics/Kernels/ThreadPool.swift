import CTurnoutKernels
import TurnoutCore

/// Threads for loops of microseconds: they look for work for a fifth of a millisecond, then sleep.
///
/// Any thread may start a loop at any time, from within a loop too. One loop at a time is shared out; a caller that
/// finds the pool busy runs its own loop alone, so that nobody waits for another's work and nothing can deadlock.
///
/// Unchecked, because the C pool is a pointer. It is safe: the pointer never changes, the C functions synchronise
/// themselves, and the threads end in `deinit`, when nobody can start a loop any more.
package final class ThreadPool: @unchecked Sendable {
    let pool: OpaquePointer

    /// Starts the threads.
    ///
    /// - Parameter threads: How many take part in a loop, the caller included; at least 1.
    /// - Throws: `TurnoutError` with code `.invalidArgument` for fewer than 1 or more than 1024, `.io` when the system
    ///   refuses to start them.
    package init(threads: Int) throws {
        guard (1...1024).contains(threads) else {
            throw TurnoutError(.invalidArgument, "\(threads) threads cannot work; choose from 1 to the number of cores")
        }
        guard let pool = turnout_pool_create(threads) else {
            throw TurnoutError(.io, "the system refused to start \(threads) threads; choose fewer")
        }
        self.pool = pool
    }

    deinit { turnout_pool_destroy(pool) }

    /// The number of threads that take part in a loop, the caller included.
    package var threads: Int { turnout_pool_threads(pool) }

    /// How many threads sleep at this moment: all but the caller's, soon after the last loop.
    package var sleepingThreads: Int { turnout_pool_sleepers(pool) }

    /// Calls `body` for each task from 0 to `tasks` - 1, and returns when all calls have returned.
    ///
    /// - Parameters:
    ///   - tasks: How many.
    ///   - body: Receives the task, and the worker that runs it: below ``threads``, and never the same for two tasks of
    ///     this loop at the same time. Must be safe to call from several threads at once.
    package func run(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var loop = Loop(body: body)
            withUnsafeMutablePointer(to: &loop) { loop in
                turnout_pool_run(
                    pool, tasks,
                    { context, task, worker in
                        context?.assumingMemoryBound(to: Loop.self).pointee.body(task, worker)
                    }, loop)
            }
        }
    }

    private struct Loop {
        let body: (Int, Int) -> Void
    }
}
