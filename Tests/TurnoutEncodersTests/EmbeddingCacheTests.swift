import Foundation
import Synchronization
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

@Suite("The cache of embeddings")
struct EmbeddingCacheTests {
    /// Bytes of a text summed up; counts how many texts it was asked for.
    private final class CountingEncoder: TextEncoder {
        let name = "counting"
        let dimension = 2
        let fingerprint: String
        private let asked = Mutex(0)

        init(_ digit: Character = "a") { fingerprint = String(repeating: digit, count: 64) }

        var count: Int { asked.withLock { $0 } }

        func encode(_ text: String) -> [Float] {
            asked.withLock { $0 += 1 }
            return Self.vector(text)
        }

        static func vector(_ text: String) -> [Float] {
            [Float(text.utf8.reduce(0) { $0 + Int($1) }), Float(text.utf8.count) + 0.5]
        }
    }

    /// Bytes before the first record, and of a record of two numbers.
    private static let (header, record) = (80, 48)
    private static let texts = ["one", "two", "", "Bốn"]

    private static func cached(
        _ folder: URL, _ base: CountingEncoder = .init(), capacity: Int = 1 << 20
    ) throws -> CachingEncoder {
        CachingEncoder(base, cache: try EmbeddingCache(folder: folder.path, encoder: base, capacity: capacity))
    }

    private static func file(_ folder: URL, _ digit: Character = "a") -> URL {
        folder.appendingPathComponent(String(repeating: digit, count: 64) + ".embeddings")
    }

    /// How many of the texts had to be computed; all vectors must be right.
    private static func misses(_ folder: URL) throws -> Int {
        let base = CountingEncoder()
        let matrix = try cached(folder, base).encode(texts)
        #expect(matrix.storage == texts.flatMap(CountingEncoder.vector))
        return base.count
    }

    @Test("no text is computed twice, neither by one process nor by the next")
    func twice() throws {
        try Fixture.withTemporaryFolder { folder in
            let base = CountingEncoder()
            let encoder = try Self.cached(folder.appendingPathComponent("new/folder"), base)
            #expect(encoder.name == base.name && encoder.fingerprint == base.fingerprint && encoder.dimension == 2)
            let first = encoder.encode(Self.texts)
            #expect(base.count == 4 && encoder.encode(Self.texts) == first && base.count == 4)
            #expect(encoder.encode("two") == CountingEncoder.vector("two") && base.count == 4)
            #expect(encoder.encode(["three", "one"]).storage == ["three", "one"].flatMap(CountingEncoder.vector))
            #expect(base.count == 5)
            #expect(try Self.misses(folder.appendingPathComponent("new/folder")) == 0)
        }
    }

    @Test("texts are not stored, and nobody else may read the file")
    func privacy() throws {
        try Fixture.withTemporaryFolder { folder in
            _ = try Self.cached(folder.appendingPathComponent("c")).encode("a secret prompt")
            let file = Self.file(folder.appendingPathComponent("c"))
            #expect(try Data(contentsOf: file).range(of: Data("secret".utf8)) == nil)
            let rights = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(rights == 0o600)
        }
    }

    @Test("a file that was cut off anywhere keeps its whole records and is mended by the next write")
    func torn() throws {
        try Fixture.withTemporaryFolder { folder in
            _ = try Self.misses(folder)
            let whole = try Data(contentsOf: Self.file(folder))
            #expect(whole.count == Self.header + 4 * Self.record)
            for length in 0..<whole.count {
                try whole.prefix(length).write(to: Self.file(folder))
                let kept = max(0, length - Self.header) / Self.record
                #expect(try Self.misses(folder) == 4 - kept, "cut at \(length)")
                #expect(try Data(contentsOf: Self.file(folder)) == whole, "cut at \(length)")
            }
        }
    }

    @Test("a changed byte costs the record it is in, and never gives a wrong vector")
    func damaged() throws {
        try Fixture.withTemporaryFolder { folder in
            _ = try Self.misses(folder)
            let whole = try Data(contentsOf: Self.file(folder))
            for place in 0..<whole.count {
                var changed = whole
                changed[place] ^= 0x40
                try changed.write(to: Self.file(folder))
                #expect(try Self.misses(folder) == (place < Self.header ? 4 : 1), "byte \(place)")
                #expect(try Self.misses(folder) == 0, "byte \(place)")
            }
        }
    }

    @Test("zeros that a crash has left are no records")
    func zeros() throws {
        try Fixture.withTemporaryFolder { folder in
            _ = try Self.misses(folder)
            let whole = try Data(contentsOf: Self.file(folder))
            try (whole.prefix(Self.header + Self.record) + Data(count: 100)).write(to: Self.file(folder))
            #expect(try Self.misses(folder) == 3)
            #expect(try Self.misses(folder) == 0)
        }
    }

    @Test("vectors of another encoder are never used, even under the wrong name")
    func foreign() throws {
        try Fixture.withTemporaryFolder { folder in
            _ = try Self.cached(folder, CountingEncoder("b")).encode(Self.texts)
            try FileManager.default.copyItem(at: Self.file(folder, "b"), to: Self.file(folder))
            #expect(try Self.misses(folder) == 4)
            #expect(try Self.misses(folder) == 0)
        }
    }

    @Test("many writers at once lose nothing that is not theirs")
    func writers() throws {
        try Fixture.withTemporaryFolder { folder in
            DispatchQueue.concurrentPerform(iterations: 8) { writer in
                guard let encoder = try? Self.cached(folder) else { return }
                for block in 0..<20 { _ = encoder.encode((0..<5).map { "\(writer) \(block) \($0)" }) }
            }
            let size = try Data(contentsOf: Self.file(folder)).count
            #expect((size - Self.header) % Self.record == 0)
            let base = CountingEncoder()
            let texts = (0..<8).flatMap { writer in (0..<100).map { "\(writer) \($0 / 5) \($0 % 5)" } }
            #expect(try Self.cached(folder, base).encode(texts).storage == texts.flatMap(CountingEncoder.vector))
            #expect(base.count == 800 - (size - Self.header) / Self.record)
        }
    }

    @Test("while another process writes, vectors wait for the next time")
    func busy() throws {
        try Fixture.withTemporaryFolder { folder in
            let encoder = try Self.cached(folder)
            let other = open(Self.file(folder).path, O_RDWR)
            #expect(flock(other, LOCK_EX) == 0)
            #expect(encoder.encode("one") == CountingEncoder.vector("one"))
            #expect(try Data(contentsOf: Self.file(folder)).isEmpty)
            close(other)
            _ = encoder.encode("two")
            #expect(try Data(contentsOf: Self.file(folder)).count == Self.header + 2 * Self.record)
        }
    }

    @Test("a full file is begun anew")
    func full() throws {
        try Fixture.withTemporaryFolder { folder in
            let base = CountingEncoder()
            let encoder = try Self.cached(folder, base, capacity: Self.header + 3 * Self.record)
            for text in ["one", "two", "three", "four", "four", "one"] {
                #expect(encoder.encode(text) == CountingEncoder.vector(text))
            }
            #expect(base.count == 5)
            #expect(try Data(contentsOf: Self.file(folder)).count == Self.header + 2 * Self.record)
        }
    }

    @Test("a folder that cannot be is refused, and the option that names another is told")
    func refusal() throws {
        try Fixture.withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("file")
            try Data().write(to: file)
            let error = #expect(throws: TurnoutError.self) { try Self.cached(file) }
            #expect(error?.code == .io && error?.message.contains("--embedding-cache") == true)
        }
    }

    @Test("the standard folder is where XDG has caches")
    func standardFolder() {
        func folder(_ environment: [String: String]) -> String {
            EmbeddingCache.standardFolder(environment: environment, home: "/home/ada")
        }
        #expect(folder([:]) == "/home/ada/.cache/turnout/embeddings")
        #expect(folder(["XDG_CACHE_HOME": "/x"]) == "/x/turnout/embeddings")
        #expect(folder(["XDG_CACHE_HOME": "x"]) == "/home/ada/.cache/turnout/embeddings")
    }
}
