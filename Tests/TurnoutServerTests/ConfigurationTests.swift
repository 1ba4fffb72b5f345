import Foundation
import Testing
import TurnoutCore
import TurnoutGateway
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutServer

struct ConfigurationTests {
    private static let good = """
        providers:
          openai: { protocol: openai, api_key: ${OPENAI_API_KEY} }
          laptop: { protocol: openai, base_url: http://localhost:11434/v1 }
          sim: { protocol: simulated, first_token_ms: 5, tokens_per_second: 50.5, failure_rate: 0.25, seed: 7 }
        models:
          strong: { provider: openai, id: gpt-5, price: { input: 1.25, output: 10 } }
          weak: { provider: laptop, id: "llama3.1:8b", price: { input: 0, output: 0 }, as: mixtral }
          fake: { provider: sim }
        routes:
          auto:
            candidates: [weak, strong]
            router: default
            policy: { strong_share: 0.3 }
            fallback: [strong, weak]
          art: { candidates: [weak, strong], router: art.safetensors }
        server: { host: 0.0.0.0, port: 9000, max_body_bytes: 1000, shutdown_grace: 2.5 }
        # ${NOT_SET_BUT_A_COMMENT}
        """

    private func parse(_ text: String, environment: [String: String] = ["OPENAI_API_KEY": "sk-1: {x}"]) throws
        -> Configuration
    {
        try Configuration.parse(text, name: "folder/turnout.yaml", environment: environment)
    }

    @Test("a model that may take long for an answer may take as long in all, unless its file says otherwise")
    func total() throws {
        func total(_ limits: String) throws -> Duration {
            let text = Self.good.replacing("price: { input: 1.25, output: 10 }", with: "limits: { \(limits) }")
            return try parse(text).models[0].attempts.limits(ofModel: "gpt-4o", timeout: nil).total
        }
        #expect(try total("whole_answer: 1700") == .seconds(1700))
        #expect(try total("whole_answer: 60") == .seconds(600))
        #expect(try total("whole_answer: 1700, total: 900") == .seconds(900))
    }

    @Test("everything that can be said is understood")
    func whole() throws {
        let configuration = try parse(Self.good)
        #expect(configuration.providers.map(\.name) == ["openai", "laptop", "sim"])
        #expect(
            configuration.providers[0].kind
                == .openAI(baseURL: "https://api.openai.com/v1", key: Secret("sk-1: {x}"), timeout: nil))
        #expect(
            configuration.providers[1].kind == .openAI(baseURL: "http://localhost:11434/v1", key: nil, timeout: nil))
        var options = SimulatedTransport.Options()
        (options.firstToken, options.tokensPerSecond, options.failureRate, options.seed) = (
            .milliseconds(5), 50.5, 0.25, 7
        )
        #expect(configuration.providers[2].kind == .simulated(options))
        #expect(
            configuration.models[0].price
                == Price(
                    inputPerMillion: Money(nanoDollars: 1_250_000_000),
                    outputPerMillion: Money(nanoDollars: 10_000_000_000)))
        #expect(
            configuration.models[1].routerName == "mixtral" && configuration.models[1].price?.inputPerMillion == .zero)
        #expect(configuration.models[2].id == "fake" && configuration.models[2].price == nil)
        #expect(
            configuration.routes[0].policy == .strongShare(0.3)
                && configuration.routes[0].fallback == ["strong", "weak"])
        #expect(configuration.routes[1].router.hasSuffix("/folder/art.safetensors"))
        #expect(configuration.server.host == "0.0.0.0" && configuration.server.port == 9000)
        #expect(configuration.server.shutdownGrace == .seconds(2.5))
        #expect(!"\(configuration)".contains("sk-1"))
    }

    @Test("conversations are remembered for an hour, for as long as is said, or not at all")
    func conversations() throws {
        func idle(_ text: String) throws -> Duration? {
            try parse(Self.good.replacing("router: default\n", with: "router: default\n    conversations: \(text)\n"))
                .routes[0].conversationIdle
        }
        #expect(try parse(Self.good).routes[0].conversationIdle == .seconds(3_600))
        #expect(try idle("{ idle: 90.5 }") == .seconds(90.5))
        #expect(try idle("off") == nil)
        for (text, words) in [
            ("on", "must be off, or { idle: SECONDS }"), ("{ idle: 0 }", "a number from 1"), ("{ idel: 5 }", "'idle'"),
        ] {
            let error = #expect(throws: TurnoutError.self) { try idle(text) }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }

    @Test("it can be put in words")
    func words() throws {
        let summary = try parse(Self.good).summary
        #expect(
            summary[0]
                == "route auto: the hardest 30 % of prompts go to strong, the others to weak (router: default); when one fails, next in turn of strong, weak"
        )
        #expect(summary[1].hasSuffix("; when one fails, the next best answers, local ones last"))
        let none = try parse(Self.good.replacing("fallback: [strong, weak]", with: "fallback: []"))
        #expect(none.summary[0].hasSuffix("; no fallback"))
    }

    @Test(
        "what is wrong is told with file, line, key and remedy",
        arguments: [
            (
                "    candidates: [weak, strong]", "    candidats: [weak, strong]", 11,
                "unknown key 'routes.auto.candidats'; did you mean 'candidates'?"
            ),
            ("tokens_per_second: 50.5", "tokens: 1", 4, "unknown key 'providers.sim.tokens'"),
            ("server: {", "servers: {", 16, "unknown key 'servers'; did you mean 'server'?"),
            ("${OPENAI_API_KEY}", "${OPENAI_KEY}", 2, "the environment variable OPENAI_KEY, which is not set"),
            (
                "failure_rate: 0.25", "failure_rate: 2", 4,
                "'providers.sim.failure_rate' must be a number from 0 up to 1"
            ),
            ("port: 9000", "port: 99999", 16, "'server.port' must be a whole number from 0 up to 65535"),
            (
                "strong_share: 0.3", "strong_share: 1.5", 13,
                "'routes.auto.policy.strong_share' must be a number from 0 up to 1"
            ),
            ("strong_share: 0.3", "strong_share: 0.3, threshold: 0.1", 13, "has 2 rules"),
            ("protocol: simulated", "protocol: similated", 4, "protocol 'similated'; known are openai and simulated"),
            (
                "protocol: openai, base_url: http://localhost:11434/v1", "protocol: openai, base_url: localhost", 3,
                "an address such as"
            ),
            (
                "provider: laptop", "provider: laptob", 7,
                "refers to the provider 'laptob', which does not exist; did you mean 'laptop'?"
            ),
            (
                "[weak, strong]\n", "[weak, string]\n", 11,
                "refers to the model 'string', which does not exist; did you mean 'strong'?"
            ),
            (
                "fallback: [strong, weak]", "fallback: [weak, gone]", 11,
                "refers to the model 'gone', which does not exist; there are: strong, weak, fake"
            ),
            ("[weak, strong]\n", "[weak, weak]\n", 11, "names a model twice"),
            ("[weak, strong]\n", "[]\n", 11, "at least one model"),
            ("fallback: [strong, weak]", "fallback: [weak, weak]", 14, "'routes.auto.fallback' names a model twice"),
            ("${OPENAI_API_KEY}", "''", 2, "'providers.openai.api_key' is empty"),
            ("${OPENAI_API_KEY}", "\"sk\\n\"", 2, "'providers.openai.api_key' holds a line break"),
            ("${OPENAI_API_KEY}", "'${OPENAI-KEY}'", 2, "that is not the name of a variable; write ${NAME}"),
            ("http://localhost:11434/v1", "'http://localhost/v1?key=x'", 3, "a key belongs into api_key"),
            ("http://localhost:11434/v1", "'http://localhost/v1#x'", 3, "a key belongs into api_key"),
            ("http://localhost:11434/v1", "'http://me:pw@localhost/v1'", 3, "a key belongs into api_key"),
            (
                "api_key: ${OPENAI_API_KEY}", "timeout: 3601", 2,
                "'providers.openai.timeout' must be a number from 0.001 up to 3600"
            ),
            (
                "price: { input: 1.25, output: 10 }", "limits: { first_token: 4000 }", 6,
                "'models.strong.limits.first_token' must be a number from 0.001 up to 3600"
            ),
            ("  art: {", "  fake: {", 15, "both a route and a model"),
            ("provider: sim }", "id: x }", 8, "'models.fake' has no 'provider'"),
            (
                "price: { input: 1.25, output: 10 }", "price: { input: 1.25 }", 6,
                "'models.strong.price' has no 'output'"
            ),
            ("price: { input: 1.25,", "price: { input: -1,", 6, "a number from 0"),
            ("  fake: { provider: sim }", "  weak: { provider: sim }", 7, "'weak' stands twice"),
            (
                "  fake: { provider: sim }", "  weak: { encoder: static }", 7, "'weak' stands twice"
            ),
            ("fake: { provider: sim }", "fake: { provider: sim, encoder: static }", 8, "both 'provider' and 'encoder'"),
            ("fake: { provider: sim }", "fake: { encoder: static, id: x }", 8, "unknown key 'models.fake.id'"),
            ("fake: { provider: sim }", "fake: { encoder: '' }", 8, "'models.fake.encoder' is empty"),
            (
                "fake: { provider: sim }\nroutes:\n  auto:\n    candidates: [weak, strong]",
                "fake: { encoder: static }\nroutes:\n  auto:\n    candidates: [weak, fake]", 11,
                "'routes.auto' names the encoder 'fake', which answers embeddings only"
            ),
            (
                "fake: { provider: sim }\nroutes:\n  auto:", "auto: { encoder: static }\nroutes:\n  auto:", 11,
                "both a route and a model"
            ),
            ("  fake: { provider: sim }", "  fake: { provider: sim", 9, "not valid YAML"),
        ])
    func wrong(what: String, by: String, line: Int, words: String) throws {
        #expect(Self.good.contains(what))
        let range = try #require(Self.good.range(of: what))
        let error = #expect(throws: TurnoutError.self) { try parse(Self.good.replacingCharacters(in: range, with: by)) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix("folder/turnout.yaml:\(line): ") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("an empty file says what it needs", arguments: ["", "# nothing", "[]", "text"])
    func empty(text: String) {
        let error = #expect(throws: TurnoutError.self) { try parse(text) }
        #expect(error?.message.hasPrefix("folder/turnout.yaml:1: ") == true)
    }

    @Test("models there must be")
    func noModels() {
        let error = #expect(throws: TurnoutError.self) {
            try parse("providers: { sim: { protocol: simulated } }\nmodels: {}")
        }
        #expect(error?.message == "folder/turnout.yaml:2: 'models' names no model; add one")
    }

    @Test("an encoder is a model without a provider; the path of one is relative to the file")
    func encoders() throws {
        let models = Self.good.replacing(
            "  fake: { provider: sim }",
            with: "  fake: { provider: sim }\n  mini: { encoder: ./minilm }\n  small: { encoder: org/name }")
        let configuration = try parse(models)
        #expect(configuration.models.map(\.name) == ["strong", "weak", "fake"])
        #expect(configuration.encoders.map(\.name) == ["mini", "small"])
        #expect(configuration.encoders[0].encoder.hasSuffix("/folder/minilm"))
        #expect(configuration.encoders[1].encoder == "org/name")
        #expect(
            configuration.modelSummary.last == "model small: embeddings, computed here by the encoder 'org/name'")
        let alone = try parse("models: { mini: { encoder: static } }")
        #expect(try alone.localEncoders().map(\.model) == ["mini"])
    }

    @Test("an encoder that cannot be loaded is told with its place, and no configuration is valid without it")
    func missingEncoder() throws {
        for (encoder, words) in [("./no-such", "has no config.json"), ("org/name", "turnout models pull org/name")] {
            let configuration = try parse("models:\n  ok: { encoder: static }\n  mini: { encoder: \(encoder) }")
            let error = #expect(throws: TurnoutError.self) { try configuration.localEncoders() }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.hasPrefix("folder/turnout.yaml:3: 'models.mini.encoder': ") == true)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }

    @Test("a router that several routes name is loaded once")
    func loadedOnce() throws {
        var loads = 0
        let text = Self.good.replacing("router: art.safetensors", with: "router: default")
        let routes = try parse(text).deciders { _ in
            loads += 1
            return LengthRouter()
        }
        #expect(routes.map(\.name) == ["auto", "art"] && loads == 1)
    }

    @Test("a router that cannot be loaded is told with the route's place")
    func router() throws {
        let configuration = try parse(Self.good)
        let error = #expect(throws: TurnoutError.self) {
            try configuration.decider(forRoute: "art") { _ in throw TurnoutError(.damagedFile, "broken") }
        }
        #expect(error?.message == "folder/turnout.yaml:15: route 'art': broken")
        #expect(throws: TurnoutError.self) { try configuration.decider(forRoute: "none") { _ in LengthRouter() } }
        #expect(
            try configuration.decider(forRoute: nil) { _ in LengthRouter() }.candidates.map(\.routerName) == [
                "mixtral", "strong",
            ])
    }

    @Test(
        "spelling", arguments: [("candidats", "candidates"), ("polcy", "policy"), ("zzz", nil)] as [(String, String?)])
    func spelling(word: String, expected: String?) {
        #expect(SpellingDistance.nearest(to: word, among: ["candidates", "router", "policy", "fallback"]) == expected)
    }

    private func classified(_ router: String, policy: String = "threshold: 0.4") throws -> Configuration {
        try parse(
            """
            providers: { sim: { protocol: simulated } }
            models: { judge: { provider: sim }, weak: { provider: sim }, strong: { provider: sim } }
            routes: { auto: { candidates: [weak, strong], policy: { \(policy) }, router: { causal_llm: \(router) } } }
            """)
    }

    @Test("a route may ask a classifier, and says so")
    func classifier() throws {
        let configuration = try classified(
            #"{ model: judge, timeout: 0.5, threshold_score: 3, least_mass: 0.2, tokens: 6, top_tokens: 5, question: "Q {question}" }"#
        )
        let classifier = try #require(configuration.routes[0].classifier)
        #expect(classifier.model == "judge" && classifier.options.timeout == .milliseconds(500))
        #expect(classifier.options.labels.threshold == 3 && classifier.options.labels.leastMass == 0.2)
        #expect(classifier.options.tokens == 6 && classifier.options.topTokens == 5)
        #expect(classifier.options.prompt.question == "Q {question}")
        #expect(configuration.summary[0].contains("causal-llm, asks judge"))
        #expect(try configuration.decider(forRoute: nil).router.card.kind == "causal-llm")
    }

    @Test(
        "a classifier that cannot be asked is refused",
        arguments: [
            ("{}", "threshold: 0.4", "has no 'model'"), ("{ model: nobody }", "threshold: 0.4", "'nobody'"),
            ("{ model: judge, question: hello }", "threshold: 0.4", "a text with '{question}' in it"),
            ("{ model: judge, timeout: 0 }", "threshold: 0.4", "a number from 0.001"),
            ("{ model: judge, modle: 1 }", "threshold: 0.4", "did you mean 'model'"),
            ("{ model: judge }", "strong_share: 0.3", "give a threshold"),
        ])
    func wrongClassifier(router: String, policy: String, words: String) throws {
        let error = #expect(throws: TurnoutError.self) {
            try classified(router, policy: policy).decider(forRoute: nil)
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    private func judged(_ cascade: String) throws -> Configuration {
        try parse(
            """
            providers: { sim: { protocol: simulated } }
            models: { judge: { provider: sim }, weak: { provider: sim }, strong: { provider: sim } }
            routes: { auto: { candidates: [weak, strong], cascade: \(cascade) } }
            """)
    }

    @Test("a route may have its first answer judged, and says so")
    func cascade() throws {
        let configuration = try judged("{ verifier: judge, threshold: 0.7, timeout: 3, threshold_score: 5 }")
        let cascade = try #require(configuration.routes[0].cascade)
        #expect(cascade.judge.model == "judge" && cascade.rule.leastScores == [0.7])
        #expect(cascade.judge.options.timeout == .seconds(3) && cascade.judge.options.labels.threshold == 5)
        #expect(cascade.judge.options.prompt == .ofAnswers)
        let words = "judge judges its answer, and below 0.7 the next stronger one is asked"
        #expect(configuration.summary[0].contains(words))
    }

    @Test(
        "a cascade that cannot be run is refused",
        arguments: [
            ("{ threshold: 0.7 }", "has no 'verifier'"), ("{ verifier: judge }", "has no 'threshold'"),
            ("{ verifier: jugde, threshold: 0.7 }", "did you mean 'judge'"),
            ("{ verifier: judge, threshold: 1.5 }", "a number from 0 up to 1"),
            ("{ verifier: judge, threshold: 0.7, question: '{question}' }", "'{question}' and '{answer}'"),
        ])
    func wrongCascade(cascade: String, words: String) throws {
        let error = #expect(throws: TurnoutError.self) { try judged(cascade) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
