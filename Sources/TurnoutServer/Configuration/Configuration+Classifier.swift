package import TurnoutCore
package import TurnoutGateway
package import TurnoutProviders
import TurnoutRouting

extension Configuration {
    /// One route that asks a classifier; its candidates stand for their names and are never asked.
    ///
    /// - Parameters:
    ///   - candidates: Weakest first.
    ///   - baseURL: Where the classifier is served.
    ///   - id: What the server calls it.
    ///   - key: Sent to the server, where given.
    ///   - options: How it is asked.
    package init(
        candidates: [ModelID], classifierAt baseURL: String, id: String, key: Secret?,
        options: CausalLLMClassifier.Options
    ) {
        let name: ModelID = "classifier"
        var route = Route(name: "route", candidates: candidates)
        (route.router, route.policy) = (CausalLLMRouter.kind, .threshold(0.5))
        var classifier = Classifier(model: name)
        classifier.options = options
        route.classifier = classifier
        self.init(
            providers: [Provider(name: name.name, kind: .openAI(baseURL: baseURL, key: key, timeout: nil))],
            models: [Model(name: name, provider: name.name, id: id)], routes: [route])
    }

    /// Reads `router: { causal_llm: { model: NAME, … } }`.
    static func classifier(_ node: ConfigurationNode) throws -> Classifier {
        let node = try node.fields(["causal_llm"])["causal_llm"].required("causal_llm", in: node)
        let fields = try node.fields(["model"] + askingKeys)
        var classifier = Classifier(model: ModelID(try fields["model"].required("model", in: node).string()))
        try tell(&classifier.options, fields, placeholders: ["{question}"])
        return classifier
    }

    /// Reads `cascade: { verifier: NAME, threshold: N, … }`.
    static func verifier(_ node: ConfigurationNode) throws -> Verifier {
        let fields = try node.fields(["verifier", "threshold"] + askingKeys)
        var judge = Classifier(model: ModelID(try fields["verifier"].required("verifier", in: node).string()))
        (judge.options.prompt, judge.options.timeout) = (.ofAnswers, .seconds(10))
        try tell(&judge.options, fields, placeholders: ["{question}", "{answer}"])
        let threshold = try fields["threshold"].required("threshold", in: node).number(in: 0...1)
        return Verifier(judge: judge, rule: try EscalationRule(leastScores: [threshold]))
    }

    private static let askingKeys = [
        "timeout", "threshold_score", "least_mass", "tokens", "top_tokens", "instruction", "question",
    ]

    /// How a model is asked for a grade.
    private static func tell(
        _ options: inout CausalLLMClassifier.Options, _ fields: [String: ConfigurationNode], placeholders: [String]
    ) throws {
        if let field = fields["timeout"] { options.timeout = .seconds(try field.number(in: 0.001...600)) }
        if let field = fields["threshold_score"] { options.labels.threshold = try field.integer(in: 2...5) }
        if let field = fields["least_mass"] { options.labels.leastMass = try field.number(in: 0...1) }
        if let field = fields["tokens"] { options.tokens = try field.integer(in: 1...64) }
        if let field = fields["top_tokens"] { options.topTokens = try field.integer(in: 1...1000) }
        if let field = fields["instruction"] { options.prompt.instruction = try field.string() }
        if let field = fields["question"] {
            options.prompt.question = try field.string()
            guard placeholders.allSatisfy(options.prompt.question.contains) else {
                let list = placeholders.map { "'\($0)'" }.joined(separator: " and ")
                let what = placeholders.count == 1 ? "the prompt goes" : "prompt and answer go"
                throw field.expected("a text with \(list) in it, where \(what)")
            }
        }
    }
}
