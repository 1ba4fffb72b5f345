import TurnoutCore
import TurnoutRouting

extension Configuration {
    /// Reads a route's policy: a rule, wishes about latency and task, or both.
    ///
    /// `{ strong_share: 0.3 }`, `certified`, `{ utility: { lambda: 20, mu: 0.01 }, latency: interactive }`, ….
    static func policy(_ node: ConfigurationNode) throws -> Policy {
        guard node.isMapping else {
            guard try node.string() == "certified" else { throw node.expected(forms) }
            return Policy(.certified)
        }
        let fields = try node.fields([
            "threshold", "strong_share", "target_quality", "cheapest_above", "utility", "budget", "certified",
            "latency",
            "capability",
        ])
        guard !fields.isEmpty else { throw node.expected(forms) }
        let rules = try fields.compactMap { name, value in try rule(name, value) }
        guard rules.count <= 1 else {
            throw node.failure(
                "'\(node.path)' has \(rules.count) rules (\(rules.map(\.description).sorted().joined(separator: "; "))); keep one"
            )
        }
        let policy = Policy(
            rules.first, latency: try fields["latency"].map(latency),
            capability: try fields["capability"].map(capability))
        do {
            try policy.validate()
        } catch let error as TurnoutError {
            throw node.failure("'\(node.path)': \(error.message)")
        }
        return policy
    }

    private static let forms =
        "a mapping such as { strong_share: 0.3 }, { target_quality: 0.97 } or { latency: interactive }, or 'certified'"

    private static func rule(_ name: String, _ node: ConfigurationNode) throws -> Policy.Rule? {
        switch name {
        case "threshold": return .threshold(try node.number(in: 0...1))
        case "strong_share": return .strongShare(try node.number(in: 0...1))
        case "target_quality": return .targetQuality(try node.number(in: 0...1))
        case "cheapest_above": return .cheapestAbove(try node.number(in: -1e9...1e9))
        case "certified":
            guard try node.string() == "true" else { throw node.expected("true, or left out") }
            return .certified
        case "utility":
            let fields = try node.fields(["lambda", "mu"])
            return .utility(
                lambda: try fields["lambda"]?.number(in: 0...1e12) ?? 0, mu: try fields["mu"]?.number(in: 0...1e12) ?? 0
            )
        case "budget":
            let fields = try node.fields(["dollars", "per"])
            let amount = try fields["dollars"].required("dollars", in: node)
            guard let money = Money(dollars: try amount.number(in: 1e-6...1e9)) else {
                throw amount.expected("an amount of dollars")
            }
            return .budget(BudgetPacer.Limit(amount: money, period: try period(fields["per"], in: node)))
        default: return nil
        }
    }

    private static let periods: [(name: String, seconds: Double)] = [
        ("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 604_800), ("month", 2_592_000),
    ]

    private static func period(_ field: ConfigurationNode?, in parent: ConfigurationNode) throws -> Double {
        let field = try field.required("per", in: parent)
        let text = try field.string()
        if let named = periods.first(where: { $0.name == text }) { return named.seconds }
        guard let seconds = Double(text), (1...3.2e8).contains(seconds) else {
            throw field.expected("\(periods.map(\.name).joined(separator: ", ")) (30 days), or a number of seconds")
        }
        return seconds
    }

    private static func latency(_ node: ConfigurationNode) throws -> LatencyBound {
        guard node.isMapping else {
            let name = try node.string()
            guard let named = LatencyBound.named.first(where: { $0.name == name }) else {
                let names = LatencyBound.named.map(\.name).joined(separator: ", ")
                throw node.expected("one of \(names), or { first_token: SECONDS, total: SECONDS }")
            }
            return named.bound
        }
        let fields = try node.fields(["first_token", "total"])
        return LatencyBound(
            firstToken: try fields["first_token"]?.number(in: 1e-6...1e6),
            total: try fields["total"]?.number(in: 1e-6...1e6))
    }

    private static func capability(_ node: ConfigurationNode) throws -> CapabilityMap {
        guard node.isMapping else {
            guard try node.string() == "by_size" else {
                throw node.expected("by_size, or a mapping of tasks to models such as { code: [strong], chat: [weak] }")
            }
            return CapabilityMap()
        }
        let fields = try node.fields(TaskKind.allCases.map(\.rawValue))
        var models: [TaskKind: [ModelID]] = [:]
        for task in TaskKind.allCases {
            guard let field = fields[task.rawValue] else { continue }
            models[task] = try field.elements().map { ModelID(try $0.string()) }
            guard models[task] != [] else { throw field.expected("a list of at least one model") }
        }
        return CapabilityMap(models: models)
    }
}
