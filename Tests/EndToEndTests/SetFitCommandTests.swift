import FakeHub
import Foundation
import Testing

/// Few-shot training of a small transformer with random weights, from the command line.
struct SetFitCommandTests {
    private let letters: LetterFolder

    init() throws {
        letters = try LetterFolder("labelled.jsonl", rows: 40) {
            "{\"prompt_text\": \"\($0)\", \"difficulty\": \"\($1 ? "simple" : "complex")\"}"
        }
    }

    private var common: String {
        """
        turnout train --router setfit --text-column prompt_text --label-column difficulty --data labelled.jsonl \
        --encoder '\(LetterFolder.encoder)' --set learning_rate=0.002 --class-map simple=weak,complex=strong
        """
    }

    @Test("labels become a router in one file, which routes without the encoder's folder, and a picture of the loss")
    func fewShot() async throws {
        let trained = try await letters.run(
            "\(common) --set iterations=3 --svg loss.svg --predict 'a b c' -o few.safetensors")
        #expect(trained.status == 0, "\(trained.error)")
        #expect(trained.error.contains("40 texts, 240 pairs, 15 steps; up to "))
        #expect(trained.output.contains("ladder, weakest first: weak, strong"))
        #expect(trained.output.contains("simple ("))
        let easy = try await letters.run("turnout route --router few.safetensors --threshold 0.5 'a c d e f'")
        let hard = try await letters.run("turnout route --router few.safetensors --threshold 0.5 't z u v x'")
        #expect(easy.output.hasPrefix("weak") && hard.output.hasPrefix("strong"), "\(easy) \(hard)")
        let picture = try String(contentsOf: letters.url.appending(path: "loss.svg"), encoding: .utf8)
        #expect(picture.hasPrefix("<svg") && picture.contains("The loss of each step"))
    }

    @Test("a recipe names data, columns, encoder and shares, and its epochs and test accuracy are told")
    func recipe() async throws {
        try """
        dataset_name: labelled.jsonl
        sentence_model: \(LetterFolder.encoder)
        text_col_name: prompt_text
        label_col_name: difficulty
        test_size: 0.4
        batch_size: ${SIZE}
        seed:
        num_epochs: 2
        push_to_hub: False
        huggingface_out_dir: someone/some_router
        """.write(to: letters.url.appending(path: "recipe.yaml"), atomically: true, encoding: .utf8)
        let trained = try await letters.run(
            "SIZE=32 turnout train --router setfit --recipe recipe.yaml --set learning_rate=0.002 -o few.safetensors --json --quiet"
        )
        #expect(trained.status == 0, "\(trained.error)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(trained.output.utf8)) as? [String: Any])
        #expect((object["epoch_accuracy"] as? [Double])?.count == 2 && object["rows"] as? Int == 24)
        #expect(((object["metrics"] as? [[String: Any]])?.first?["name"] as? String) == "accuracy")
        for (line, word) in [
            ("test_sise: 1", "did you mean 'test_size'?"), ("batch_size: many", "bad.yaml:1: 'batch_size' must be"),
            ("num_epochs: 9223372036854775807", "from 1 up to 1000"), ("test_size: -1", "from 0 up to 0.9"),
            ("seed: 1\nseed: 2", "'seed' stands twice"), ("num_epochs: [1]", "must be a whole number"),
        ] {
            try line.write(to: letters.url.appending(path: "bad.yaml"), atomically: true, encoding: .utf8)
            let refused = try await letters.run("turnout train --router setfit --recipe bad.yaml -o x.safetensors")
            #expect(refused.status == 3 && refused.error.contains(word), "\(refused)")
        }
    }

    @Test(
        "before anything is learnt it is known that a file cannot be written, or would take the place of another",
        arguments: [
            ("-o few.safetensors --checkpoint ./few.safetensors", 2, "which is what --output writes"),
            ("-o few.svg --svg few.svg", 2, "--svg would write over 'few.svg'"),
            ("-o labelled.jsonl", 2, "--output would write over 'labelled.jsonl', which is read"),
            ("-o few --setfit-folder few/", 2, "/few', which is what --output writes"),
            ("-o ''", 3, "the path of a file to write is empty"),
            ("-o none/few.safetensors", 3, "'none/few.safetensors' cannot be written"),
            ("-o few.safetensors --checkpoint none/state", 3, "'none/state' cannot be written"),
        ])
    func outputs(options: String, status: Int32, words: String) async throws {
        let data = letters.url.appending(path: "labelled.jsonl"), before = try Data(contentsOf: data)
        let refused = try await letters.run("\(common) \(options)")
        #expect(refused.status == status && refused.error.contains(words), "\(refused)")
        #expect(!refused.error.contains("steps"))
        #expect(try Data(contentsOf: data) == before)
    }

    @Test("rows that were passed over are counted, and what is predicted stands on one line")
    func summary() async throws {
        let data = letters.url.appending(path: "labelled.jsonl")
        try (String(contentsOf: data, encoding: .utf8) + "\n{\"prompt_text\": \"q\", \"difficulty\": null}\n")
            .write(to: data, atomically: true, encoding: .utf8)
        let trained = try await letters.run(
            """
            \(common) --set iterations=1 --skip-bad-rows --predict "$(printf 'a\\033[1m\\nb')" -o few.safetensors
            """)
        #expect(
            trained.status == 0 && trained.output.contains("on 40 texts, 1 bad rows skipped, 5 steps"), "\(trained)")
        #expect(trained.output.contains("skipped: labelled.jsonl, line 41"))
        #expect(trained.output.contains("): a [1m b"))
    }

    private func write(recipe rest: String) throws {
        try """
        dataset_name: labelled.jsonl
        sentence_model: \(LetterFolder.encoder)
        text_col_name: prompt_text
        label_col_name: difficulty
        push_to_hub: true
        \(rest)
        """.write(to: letters.url.appending(path: "recipe.yaml"), atomically: true, encoding: .utf8)
    }

    private static let pushing =
        "turnout train --router setfit --recipe recipe.yaml --set iterations=1 -o few.safetensors"

    @Test("a recipe that asks for it is pushed: SetFit's files, the router and a card, as one commit")
    func pushed() async throws {
        try write(recipe: "huggingface_out_dir: org/tiny")
        var state = FakeHub.State()
        state.uploads.exists = false
        state.uploads.token = "hf_secret"
        let hub = try await FakeHub(state)
        let result = try await TurnoutProcess.run(
            shell: "\(Self.pushing) --set head=differentiable --licence apache-2.0 --json", in: letters.url,
            environment: ["HF_ENDPOINT": hub.hub.address, "HF_TOKEN": "hf_secret"])
        let (files, commits, address) = (hub.state.files, hub.state.uploads.commits, hub.hub.address)
        await hub.close()
        #expect(result.status == 0, "\(result.standardError)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any])
        #expect(object["pushed"] as? String == "\(address)/org/tiny")
        #expect(commits.count == 1)
        let expected = ["config_setfit.json", "model.safetensors", "model_head.pkl", "router.safetensors", "README.md"]
        #expect(expected.allSatisfy { files[$0] != nil }, "\(files.keys)")
        let artifact = try Data(contentsOf: letters.url.appending(path: "few.safetensors"))
        #expect(files["router.safetensors"]?.bytes == Array(artifact))
        let card = String(decoding: files["README.md"]?.bytes ?? [], as: UTF8.self)
        #expect(card.contains("SetFitModel.from_pretrained(\"org/tiny\")") && card.contains("A `setfit` router"))
        #expect(!card.contains("| figure"))  // nothing was held out
        #expect(card.contains("license: apache-2.0"))
    }

    @Test(
        "without a token, a repository or the network nothing is trained",
        arguments: [
            ("huggingface_out_dir: org/tiny", ["HF_TOKEN": ""], "there is no token"),
            ("", ["HF_TOKEN": "hf_secret"], "huggingface_out_dir is missing"),
            ("huggingface_out_dir: tiny", ["HF_TOKEN": "hf_secret"], "must be account/name"),
            ("huggingface_out_dir: org/tiny", ["HF_TOKEN": "hf_secret", "HF_HUB_OFFLINE": "1"], "HF_HUB_OFFLINE"),
        ])
    func nowhereToPush(line: String, environment: [String: String], words: String) async throws {
        try write(recipe: line)
        let result = try await TurnoutProcess.run(
            shell: Self.pushing, in: letters.url,
            environment: environment.merging(["HF_HOME": letters.url.path, "HF_ENDPOINT": "http://127.0.0.1:9"]) { $1 })
        #expect(result.status == 3 && result.standardError.contains(words), "\(result)")
        #expect(!result.standardError.contains("steps") && !result.standardError.contains("hf_secret"))
        #expect(!FileManager.default.fileExists(atPath: letters.url.appending(path: "few.safetensors").path))
    }

    @Test("a push that fails leaves the router, and says how to go on")
    func failedPush() async throws {
        try write(recipe: "huggingface_out_dir: org/tiny")
        var state = FakeHub.State()
        state.uploads.token = "hf_other"
        let hub = try await FakeHub(state)
        let result = try await TurnoutProcess.run(
            shell: Self.pushing, in: letters.url,
            environment: ["HF_ENDPOINT": hub.hub.address, "HF_TOKEN": "hf_secret"])
        await hub.close()
        #expect(result.status == 4 && result.standardError.contains("the router is in 'few.safetensors'"), "\(result)")
        let kept = try #require(result.standardError.firstMatch(of: /turnout models push (\S+) org\/tiny/)).1
        #expect(FileManager.default.fileExists(atPath: "\(kept)/router.safetensors"))
        try FileManager.default.removeItem(atPath: String(kept))
        #expect(FileManager.default.fileExists(atPath: letters.url.appending(path: "few.safetensors").path))
    }

    @Test("the folder of a SetFit model is written where it is asked for, and over nothing")
    func setfitFolder() async throws {
        let command = "\(common) --set iterations=1 --setfit-folder tuned -o few.safetensors --quiet"
        let trained = try await letters.run(command)
        #expect(trained.status == 0, "\(trained.error)")
        #expect(
            FileManager.default.fileExists(atPath: letters.url.appending(path: "tuned/model_head.safetensors").path))
        let again = try await letters.run(command)
        #expect(again.status == 3 && again.error.contains("'tuned' is there already"), "\(again)")
        let nowhere = try await letters.run("\(common) --setfit-folder not/there -o other.safetensors")
        #expect(
            nowhere.status == 3 && nowhere.error.contains("cannot be written: No such file or directory"), "\(nowhere)")
        #expect(!nowhere.error.contains("steps"), "before anything is trained")
    }

    @Test("killed with -9 and started again, training ends as if nothing had happened")
    func killed() async throws {
        let command =
            "\(common) --set epochs=4 --set iterations=10 --checkpoint-every 7 --predict 'a b t' --json --quiet"
        let whole = try await letters.run("\(command) -o whole.safetensors")
        let resumed = try await letters.run(
            """
            ( \(command) --checkpoint state -o part.safetensors >killed.json & pid=$!
              while [ ! -e state ]; do sleep 0.01; done; kill -9 $pid; wait $pid )
            test ! -e part.safetensors && \(command) --checkpoint state -o part.safetensors
            """)
        #expect(whole.status == 0 && resumed.status == 0, "\(whole.error) \(resumed.error)")
        struct Result: Decodable {
            struct Prediction: Decodable {
                struct Share: Decodable { let probability: Double }
                let shares: [Share]
            }
            let losses: [Double]
            let predictions: [Prediction]
            var probabilities: [Double] { predictions.flatMap { $0.shares.map(\.probability) } }
        }
        let (one, two) = (
            try JSONDecoder().decode(Result.self, from: Data(whole.output.utf8)),
            try JSONDecoder().decode(Result.self, from: Data(resumed.output.utf8))
        )
        #expect(one.losses.count == 200 && one.losses == two.losses)
        #expect(one.probabilities.count == 2 && one.probabilities == two.probabilities)
        #expect(!FileManager.default.fileExists(atPath: letters.url.appending(path: "state").path))
    }

    @Test("a static encoder, other kinds' options and bad settings are refused with a sentence")
    func refusals() async throws {
        for (arguments, status, word) in [
            ("--data labelled.jsonl", 2, "tunes a transformer"),
            ("--data labelled.jsonl --models a,b", 2, "--class-map"),
            ("--data labelled.jsonl --set layers=3", 2, "no setting 'layers'"),
            ("--data labelled.jsonl --class-map simple", 2, "LABEL=MODEL"),
            ("", 2, "--data is missing"),
        ] as [(String, Int32, String)] {
            let refused = try await letters.run("turnout train --router setfit \(arguments) -o x.safetensors")
            #expect(refused.status == status && refused.error.contains(word), "\(arguments): \(refused)")
        }
        let other = try await letters.run("turnout train --data labelled.jsonl --svg loss.svg -o x.safetensors")
        #expect(other.status == 2 && other.error.contains("setfit"))
    }
}
