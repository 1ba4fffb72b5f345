import Foundation
import Synchronization
import Testing
import TurnoutNumerics

@Suite("The thread pool")
struct KernelThreadPoolTests {
    @Test("every task runs once, and no worker runs two at a time", arguments: [1, 2, 3, 8])
    func everyTaskOnce(threads: Int) throws {
        let pool = try ThreadPool(threads: threads)
        #expect(pool.threads == threads)
        for tasks in [0, 1, 2, 7, 64, 1000] {
            let runs = (0..<tasks).map { _ in Counter() }
            let busy = (0..<threads).map { _ in Counter() }
            pool.run(tasks) { task, worker in
                #expect(busy[worker].add(1) == 1)
                runs[task].add(1)
                busy[worker].add(-1)
            }
            #expect(runs.allSatisfy { $0.value == 1 })
        }
    }

    @Test("what tasks wrote is seen by the caller, loop after loop")
    func visibility() throws {
        let pool = try ThreadPool(threads: 4)
        var numbers = [Int](repeating: 0, count: 64)
        for _ in 0..<2000 {
            numbers.withUnsafeMutableBufferPointer { numbers in
                nonisolated(unsafe) let numbers = numbers  // each task writes its own element
                pool.run(64) { task, _ in numbers[task] += task }
            }
        }
        #expect(numbers == (0..<64).map { $0 * 2000 })
    }

    @Test("many callers at once, and loops within loops, all finish")
    func concurrentCallers() throws {
        let pool = try ThreadPool(threads: 3)
        let total = Counter()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<200 {
                pool.run(5) { _, _ in pool.run(3) { _, _ in total.add(1) } }
            }
        }
        #expect(total.value == 8 * 200 * 15)
    }

    @Test("the threads of a pool without work sleep, and wake for the next loop")
    func idle() throws {
        let pool = try ThreadPool(threads: 4)
        for _ in 0..<3 {
            pool.run(100) { _, _ in }
            let deadline = Date(timeIntervalSinceNow: 30)
            while pool.sleepingThreads < 3, Date() < deadline { usleep(500) }
            #expect(pool.sleepingThreads == 3)
        }
    }

    @Test("a pool of no threads is refused")
    func refused() {
        #expect(throws: (any Error).self) { try ThreadPool(threads: 0) }
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        @discardableResult func add(_ n: Int) -> Int { count.add(n, ordering: .relaxed).newValue }
        var value: Int { count.load(ordering: .relaxed) }
    }
}
