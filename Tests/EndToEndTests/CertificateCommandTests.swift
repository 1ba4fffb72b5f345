import Foundation
import Testing

/// Asks the embedded router for thresholds and promises on queries written here.
struct CertificateCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Sums are easy for both models, proofs only for the strong one, now and then the other way round.
    private func rows(_ numbers: Range<Int>, extra: (Int) -> String = { _ in "" }) -> String {
        numbers.map { index in
            let isHard = index % 2 == 0
            let isLucky = index % 12 == 0 || index % 38 == 1
            let prompt =
                isHard
                ? "Prove lemma \(index) on compact sets by contradiction." : "What is \(index) plus \(index * 7)?"
            let scores = "{\"weak\": \(isHard == isLucky ? 1 : 0), \"strong\": \(index % 50 == 3 ? 0 : 1)}"
            return
                "{\"prompt\": \"\(prompt)\", \"scores\": \(scores), \"category\": \"c\(index % 4 / 2)\"\(extra(index))}"
        }.joined(separator: "\n")
    }

    private func write(_ text: String, as name: String) throws -> String {
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    private func run(_ line: String) async throws -> TurnoutProcess.Result {
        try await TurnoutProcess.run(shell: "turnout \(line) --quiet", in: folder)
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// The embedded router between the two models of the rows.
    private let router = "--router default --weak weak --strong strong"

    @Test("a promise is made on fresh rows, stored, and verified when the router is used")
    func certify() async throws {
        _ = try write(rows(1000..<1600), as: "fresh.jsonl")
        let line = "certify \(router) --data fresh.jsonl --max-drop 0.08 --json"
        let result = try await run(line + " -o promised.safetensors")
        #expect(result.status == 0, "\(result.standardError)\(result.standardOutput)")
        let answer = try json(result.standardOutput)
        for key in ["feasible", "threshold", "weak_share", "epsilon", "delta", "n", "artifact", "expires_at"] {
            #expect(answer[key] != nil, "\(key)")
        }
        #expect(answer["feasible"] as? Bool == true && answer["n"] as? Int == 600 && answer["delta"] as? Double == 0.1)
        #expect((answer["weak_share"] as? Double ?? 0) > 0.3)
        let routed = try await TurnoutProcess.run(
            shell: "turnout route --router promised.safetensors 'What is 40 plus 2?'", in: folder)
        #expect(routed.status == 0 && routed.standardOutput.hasPrefix("weak"), "\(routed.standardError)")

        let path = folder.appending(path: "promised.safetensors")
        let bytes = try #require(String(data: Data(contentsOf: path), encoding: .isoLatin1))
        let forged = bytes.replacing(#"\"epsilon\":0.08"#, with: #"\"epsilon\":0.01"#)
        #expect(forged != bytes)
        try #require(forged.data(using: .isoLatin1)).write(to: path)
        let refused = try await TurnoutProcess.run(
            shell: "turnout route --router promised.safetensors hello", in: folder)
        #expect(refused.status == 3 && refused.standardError.contains("altered"), "\(refused.standardError)")
    }

    @Test("a goal that cannot be met exits with 1, says what could be, and stores nothing")
    func infeasible() async throws {
        _ = try write(rows(1000..<1030), as: "few.jsonl")
        let result = try await run(
            "certify \(router) --data few.jsonl --max-drop 0.05 --json -o promised.safetensors")
        #expect(result.status == 1, "\(result.standardError)")
        let answer = try json(result.standardOutput)
        #expect(answer["feasible"] as? Bool == false && answer["threshold"] is NSNull)
        #expect((answer["suggestion"] as? String)?.contains("At least 45 labelled rows") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "promised.safetensors").path))
    }

    @Test("the router's own training file is refused, its prompts elsewhere left out on request")
    func training() async throws {
        _ = try write(rows(0..<100), as: "training.jsonl")
        let trained = try await run("train --data training.jsonl --models weak,strong -o mine.safetensors")
        #expect(trained.status == 0, "\(trained.standardError)")
        let own = try await run("certify --router mine.safetensors --data training.jsonl --max-drop 0.1")
        #expect(own.status == 3 && own.standardError.contains("trained on this very file"), "\(own.standardError)")
        _ = try write(rows(50..<250), as: "mixed.jsonl")
        let mixed = try await run(
            "certify --router mine.safetensors --data mixed.jsonl --max-drop 0.2 --trained-on training.jsonl --json")
        let answer = try json(mixed.standardOutput)
        #expect(answer["seen_rows"] as? Int == 50 && answer["n"] as? Int == 150, "\(mixed.standardOutput)")
    }

    @Test("in groups, the promise is made for each")
    func groups() async throws {
        _ = try write(rows(1000..<1800), as: "fresh.jsonl")
        let result = try await run(
            "certify \(router) --data fresh.jsonl --max-drop 0.15 --group-by category --json")
        let groups = try #require(try json(result.standardOutput)["groups"] as? [[String: Any]])
        #expect(groups.compactMap { $0["group"] as? String } == ["c0", "c1"] && groups[0]["n"] as? Int == 400)
        let text = try await run(
            "certify \(router) --data fresh.jsonl --max-drop 0.15 --group-by category")
        #expect(text.standardOutput.contains("each tested at 5.0 % (Bonferroni)"), "\(text.standardOutput)")
    }

    @Test("a simulation tells how often promises of a size are kept")
    func simulation() async throws {
        _ = try write(rows(0..<200), as: "all.jsonl")
        let result = try await run("certify --simulate 40 --rows 100 --max-drop 0.1 \(router) --data all.jsonl --json")
        #expect(result.status == 0, "\(result.standardError)")
        let answer = try json(result.standardOutput)
        let certified = try #require(answer["certified"] as? [String: Any])
        #expect(certified["violations"] is [String: Any] && certified["violations_on_rest"] is [String: Any])
        #expect(
            answer["naive"] is [String: Any] && answer["best_weak_share"] is Double && answer["simulated"] as? Int == 40
        )
        let wrong = try await run("certify --simulate 40 --rows 200 --max-drop 0.1 \(router) --data all.jsonl")
        #expect(wrong.status == 3 && wrong.standardError.contains("--rows 200 of 200"), "\(wrong.standardError)")
    }

    @Test("a share is calibrated on texts alone, and the policy then uses it")
    func calibrateShare() async throws {
        let texts = (0..<200).map { "{\"prompt\": \"What is \($0) plus \($0 * 3)?\"}" }.joined(separator: "\n")
        _ = try write(texts, as: "texts.jsonl")
        let result = try await run(
            "calibrate --router default --data texts.jsonl --strong-share 0.3 --json -o mine.safetensors")
        #expect(result.status == 0, "\(result.standardError)")
        let answer = try json(result.standardOutput)
        #expect(answer["n"] as? Int == 200 && abs((answer["strong_share"] as? Double ?? 0) - 0.3) <= 0.01)
        #expect(answer["threshold"] is Double && answer["next"] is [String: Any])
        let routed = try await TurnoutProcess.run(
            shell: "sed 's/.*: \"//; s/\"}//' texts.jsonl | turnout route --router mine.safetensors --strong-share 0.3",
            in: folder)
        let strong = routed.standardOutput.split(separator: "\n").count { $0.hasPrefix("strong") }
        #expect(abs(strong - 60) <= 2, "\(strong)")
    }

    @Test("a budget takes costs from the data or from options, and says when it cannot be kept")
    func calibrateBudget() async throws {
        _ = try write(rows(1000..<1200), as: "fresh.jsonl")
        let goal = "calibrate \(router) --data fresh.jsonl --cost weak=1 --cost strong=9"
        let result = try await run("\(goal) --budget 5 --json")
        let cost = try #require(try json(result.standardOutput)["cost_usd_per_thousand"] as? [String: Any])
        #expect(
            (cost["value"] as? Double ?? 9) < 5.0001 && (cost["value"] as? Double ?? 0) > 4.5,
            "\(result.standardOutput)")
        let poor = try await run("\(goal) --budget 0.5")
        #expect(poor.status == 1 && poor.standardError.contains("'weak' alone costs $1"), "\(poor.standardError)")
        let unknown = try await run("calibrate \(router) --data fresh.jsonl --budget 5")
        #expect(unknown.status == 3 && unknown.standardError.contains("no cost of 'weak'"), "\(unknown.standardError)")
    }

    @Test("a quality is kept, with its interval and how often such thresholds miss")
    func calibrateQuality() async throws {
        _ = try write(rows(1000..<1200), as: "fresh.jsonl")
        let result = try await run(
            "calibrate \(router) --data fresh.jsonl --quality-target 0.95 --json -o mine.safetensors")
        let answer = try json(result.standardOutput)
        let kept = try #require(answer["quality_kept"] as? [String: Any])
        #expect((kept["value"] as? Double ?? 0) >= 0.95 && answer["miss_rate"] is Double)
        #expect(answer["artifact"] as? String == "mine.safetensors")
    }

    @Test("advice: a verdict, its figures, and exit code 0 where routing is worth it")
    func advise() async throws {
        _ = try write(rows(0..<160), as: "all.jsonl")
        let result = try await run(
            "advise --data all.jsonl --cost weak=1 --cost strong=10 --value-per-quality 0.03 --folds 2 --json")
        #expect(result.status == 0, "\(result.standardError)\(result.standardOutput)")
        let answer = try json(result.standardOutput)
        #expect(answer["worth_it"] as? Bool == true && answer["single"] as? String == "strong")
        let route = try #require(answer["route"] as? [String: Any])
        #expect(route["models"] as? [String] == ["weak", "strong"] && route["gain_usd_per_thousand"] is [String: Any])
        #expect(answer["break_even"] is [String: Any] && (answer["models"] as? [Any])?.count == 2)
    }

    @Test(
        "bad data and goals get a sentence and the right exit code",
        arguments: [
            ("advise --data one.jsonl --cost m=1", 3, "at least two models"),
            ("advise --data few.jsonl --cost weak=1 --cost strong=2", 3, "only 20 rows"),
            ("advise --data few.jsonl --models weak,nobody", 2, "'nobody'"),
            ("advise --data few.jsonl --value-per-quality=-1", 2, "positive amount"),
            ("advise --data few.jsonl --price weak=1", 2, "MODEL=INPUT,OUTPUT"),
            ("certify --router default --data few.jsonl --max-drop 2", 2, "--max-drop is 2"),
            ("certify --router default --data few.jsonl --max-drop 0.1", 2, "--weak or --strong is missing"),
            ("certify --router default --data few.jsonl --max-drop 0.1 --weak weak --strong nobody", 2, "'nobody'"),
            ("certify --router default --data few.jsonl --weak weak --strong strong", 2, "--max-drop is missing"),
            ("certify --router default --data few.jsonl --max-drop 0.1 --loss drop --score-range 5", 2, "LOW,HIGH"),
            ("certify --router absent.safetensors --data few.jsonl --max-drop 0.1", 3, "absent.safetensors"),
            ("certify --data few.jsonl --max-drop 0.1", 2, "--router is missing"),
            ("certify --router default --data empty.jsonl --max-drop 0.1 --weak weak --strong strong", 3, "no rows"),
            ("certify --simulate 9 --data one.jsonl --max-drop 0.1", 2, "1 models"),
            ("calibrate --router default --data few.jsonl", 2, "give one goal"),
            ("calibrate --router default --data few.jsonl --strong-share 0.2 --budget 3", 2, "give one goal"),
            ("calibrate --router default --data few.jsonl --strong-share 1.2", 2, "between 0 and 1"),
            ("calibrate --router default --data few.jsonl --strong-share 0.2 --in-place", 2, "give -o FILE"),
            (
                "calibrate --router default --data one.jsonl --quality-target 0.9 --weak m --strong x", 3,
                "both 'm' and 'x'"
            ),
            ("calibrate --router default --data empty.jsonl --strong-share 0.2", 3, "no rows"),
        ])
    func refused(line: String, status: Int, words: String) async throws {
        _ = try write(rows(0..<20), as: "few.jsonl")
        _ = try write("{\"prompt\": \"a\", \"scores\": {\"m\": 1}}", as: "one.jsonl")
        _ = try write("", as: "empty.jsonl")
        let result = try await run(line)
        #expect(Int(result.status) == status, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }
}
