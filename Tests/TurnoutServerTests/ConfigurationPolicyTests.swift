import Testing
import TurnoutCore
import TurnoutRouting

@testable import TurnoutServer

struct ConfigurationPolicyTests {
    private func configuration(_ policy: String, weakPrice: String = "{ input: 0, output: 0 }") throws -> Configuration
    {
        try Configuration.parse(
            """
            providers:
              laptop: { protocol: openai, base_url: http://localhost:11434/v1 }
              cloud: { protocol: openai, base_url: https://example.com/v1 }
            models:
              weak: { provider: laptop, price: \(weakPrice) }
              strong: { provider: cloud, price: { input: 2, output: 8 } }
            routes:
              auto: { candidates: [weak, strong], policy: \(policy) }
            """, name: "turnout.yaml", environment: [:])
    }

    @Test(
        "policies are read, and put in words",
        arguments: [
            ("certified", Policy(.certified), "below the certified threshold"),
            ("{ target_quality: 0.97 }", Policy(.targetQuality(0.97)), "keeps 97 % of the best model's quality"),
            ("{ cheapest_above: 0.8 }", Policy(.cheapestAbove(0.8)), "the cheapest with an estimate of at least 0.8"),
            (
                "{ utility: { lambda: 20, mu: 0.01 } }", Policy(.utility(lambda: 20, mu: 0.01)),
                "the greatest estimate - 20 x dollars - 0.01 x seconds answers"
            ),
            (
                "{ budget: { dollars: 50, per: day } }",
                Policy(.budget(BudgetPacer.Limit(amount: Money(nanoDollars: 50_000_000_000), period: 86_400))),
                "the best that $50 in 86400 s allow, evenly and capped"
            ),
            ("{ latency: realtime }", Policy(nil, latency: .realtime), "those expected to begin within 0.5 s"),
            (
                "{ latency: { total: 9 }, capability: by_size }",
                Policy(nil, latency: LatencyBound(total: 9), capability: CapabilityMap()),
                "models that are large enough for the task, and of these those expected to end within 9 s; the weakest"
            ),
            (
                "{ capability: { code: [strong] }, strong_share: 0.2 }",
                Policy(.strongShare(0.2), capability: CapabilityMap(models: [.code: ["strong"]])),
                "considers strong for code, others by size; the hardest 20 %"
            ),
        ])
    func reading(text: String, expected: Policy, words: String) throws {
        let read = try configuration(text)
        #expect(read.routes[0].policy == expected)
        #expect(read.summary[0].contains(words), "\(read.summary[0])")
    }

    @Test(
        "what is wrong with a policy is told with line, key and remedy",
        arguments: [
            ("best", "'routes.auto.policy' must be a mapping such as"),
            ("{}", "must be a mapping such as"),
            ("{ target_quality: 2 }", "'routes.auto.policy.target_quality' must be a number from 0 up to 1"),
            ("{ utility: { lamda: 1 } }", "did you mean 'lambda'?"),
            ("{ budget: { dollars: 5 } }", "'routes.auto.policy.budget' has no 'per'"),
            ("{ budget: { dollars: 5, per: fortnight } }", "must be minute, hour, day, week, month (30 days), or"),
            ("{ latency: fast }", "must be one of realtime, interactive, batch, or"),
            ("{ latency: { first_token: 0 } }", "first_token' must be a number from"),
            ("{ capability: { codes: [strong] } }", "did you mean 'code'?"),
            ("{ capability: { code: [] } }", "a list of at least one model"),
            ("{ threshold: 0.1, cheapest_above: 0.2 }", "has 2 rules (cheapest_above: 0.2; threshold: 0.1); keep one"),
        ])
    func wrong(text: String, words: String) {
        let error = #expect(throws: TurnoutError.self) { try configuration(text) }
        #expect(error?.message.hasPrefix("turnout.yaml:8: ") ?? false, "\(error?.message ?? "")")
        #expect(error?.message.contains(words) ?? false, "\(error?.message ?? "")")
    }

    @Test("candidates know their facts and whether they run in the house")
    func facts() throws {
        let decider = try configuration("{ cheapest_above: 0.5 }").decider(forRoute: nil)
        #expect(decider.candidates.map(\.isLocal) == [true, false])
        #expect(decider.candidates[1].price?.outputPerMillion == Money(nanoDollars: 8_000_000_000))
    }

    @Test("a task that is given to a model that is no candidate is refused")
    func strangers() throws {
        let read = try configuration("{ capability: { code: [stronger] } }")
        let error = #expect(throws: TurnoutError.self) { try read.decider(forRoute: nil) }
        #expect(error?.message.contains("'stronger' for a task, which is no candidate") ?? false)
    }

    @Test("it is said when no local model ends the fallback")
    func warnings() throws {
        #expect(try configuration("{ strong_share: 0.3 }").warnings == [])
        var remote = try configuration("{ strong_share: 0.3 }")
        remote.routes[0].fallback = ["strong"]
        #expect(remote.warnings.count == 1 && remote.warnings[0].contains("no local model ends its fallback"))
    }

    @Test(
        "addresses in the house are told from others",
        arguments: [
            ("http://localhost:1/v1", true), ("http://127.0.0.1/v1", true), ("http://10.1.2.3/v1", true),
            ("http://172.20.0.4/v1", true), ("http://[::1]:80/v1", true), ("http://gpu/v1", true),
            ("http://gpu.local/v1", true), ("https://api.openai.com/v1", false), ("http://172.32.0.4/v1", false),
            ("http://8.8.8.8/v1", false),
        ])
    func house(address: String, isLocal: Bool) {
        let provider = Configuration.Provider(name: "p", kind: .openAI(baseURL: address, key: nil, timeout: nil))
        #expect(provider.isLocal == isLocal)
    }
}
