import Foundation
import HTTPTypes
import NIOCore
import Testing
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutGateway

/// Policies over requests: filters, budgets, shares, and the same receipt everywhere.
struct PolicyGatewayTests {
    private let answer =
        #"{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":100}}"#

    private func gateway(_ policy: Policy, abilities: ModelAbilities = ModelAbilities(), window: Int? = nil) throws
        -> Gateway
    {
        var facts = CatalogueEntry(provider: "p", id: "weak")
        facts.price = Price(
            inputPerMillion: Money(nanoDollars: 1_000_000_000), outputPerMillion: Money(nanoDollars: 10_000_000_000))
        facts.abilities = abilities
        facts.contextWindow = window
        let decider = try Decider(
            candidates: [Candidate(model: "weak", facts: facts)], router: LengthRouter(), policy: policy)
        var upstream = Upstream(
            model: "weak", provider: "p", id: "weak", price: facts.price,
            transport: ScriptedTransport.scripted(Array(repeating: .answer(200, answer), count: 50)))
        upstream.limits.firstToken = .seconds(600)
        return Gateway(
            directory: ModelDirectory(routes: [.init(name: "auto", decider: decider)], models: [upstream]))
    }

    private func chat(_ gateway: Gateway, _ extra: String = "") async throws -> Reply {
        try await gateway.chat(
            ByteBuffer(string: #"{"model":"auto","messages":[{"role":"user","content":"hello"}]\#(extra)}"#),
            headers: [:])
    }

    @Test("a request that no candidate can take is refused, and the message names each and why")
    func refused() async throws {
        let noTools = try gateway(.threshold(0.5), abilities: ModelAbilities(tools: false))
        let reply = try await chat(noTools, #","tools":[{"type":"function","function":{"name":"f"}}]"#)
        #expect(reply.status == 400)
        let text = try await GatewayFixture.text(of: reply)
        #expect(text.contains("no_capable_model") && text.contains("weak: tools"))
        let tooLong = try await chat(try gateway(.threshold(0.5), window: 5))
        #expect(try await GatewayFixture.text(of: tooLong).contains("context_length_exceeded"))
    }

    @Test("a budget is never overspent: when less is left than an answer may cost, requests are refused")
    func budget() async throws {
        // An answer costs 1.01 millidollars; at 200 tokens at most it may cost about 2.
        let limit = BudgetPacer.Limit(amount: Money(nanoDollars: 10_000_000), period: 86_400)
        let gateway = try gateway(Policy(.budget(limit)))
        var statuses: [Int] = []
        for _ in 0..<14 {
            let reply = try await chat(gateway, #","max_tokens":200"#)
            _ = try await GatewayFixture.text(of: reply)
            statuses.append(reply.status)
        }
        #expect(statuses.filter { $0 == 200 }.count == 8, "8 x 1.01 spent, 1.92 left, and the ninth may cost 2.01")
        #expect(statuses.last == 429)
    }

    @Test("numbers as large as they come are refused or counted, and crash nothing")
    func largeNumbers() async throws {
        let gateway = try gateway(.threshold(0.5), window: 1_000)
        let longest = try await chat(gateway, #","max_tokens":9223372036854775807"#)
        #expect(try await GatewayFixture.text(of: longest).contains("context_length_exceeded"))
        #expect(try await chat(gateway, #","n":9223372036854775807,"max_tokens":9"#).status == 200)
        let limit = BudgetPacer.Limit(amount: Money(nanoDollars: 10_000_000), period: 86_400)
        let many = try await chat(try self.gateway(Policy(.budget(limit))), #","n":128,"max_tokens":200"#)
        #expect(many.status == 429, "128 answers may cost more than is left")
    }

    @Test("what is left is reserved by whoever comes first; the others are refused")
    func concurrentBudget() async throws {
        let limit = BudgetPacer.Limit(amount: Money(nanoDollars: 10_000_000), period: 86_400)
        let gateway = try gateway(Policy(.budget(limit)))
        let statuses = try await withThrowingTaskGroup(of: UInt.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    let reply = try await chat(gateway, #","max_tokens":200"#)
                    _ = try await GatewayFixture.text(of: reply)
                    return UInt(reply.status)
                }
            }
            return try await group.reduce(into: [UInt]()) { $0.append($1) }
        }
        // Each costs 1.01 millidollars of 10; none may be answered once less than its ceiling is left.
        #expect((1...8).contains(statuses.filter { $0 == 200 }.count))
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 429 })
    }

    @Test("a route's budget cannot be replaced by a header")
    func budgetHeader() async throws {
        let limit = BudgetPacer.Limit(amount: Money(nanoDollars: 10_000_000), period: 86_400)
        let reply = try await gateway(Policy(.budget(limit))).chat(
            ByteBuffer(string: #"{"model":"auto","messages":[{"role":"user","content":"hello"}]}"#),
            headers: [DecisionHeaders.policy: "threshold=0"])
        #expect(reply.status == 400)
    }

    @Test("the receipt has tokens, cost and time of every candidate")
    func receipt() async throws {
        let gateway = try gateway(Policy(.cheapestAbove(0)))
        let reply = try await gateway.route(
            ByteBuffer(string: #"{"model":"auto","messages":[{"role":"user","content":"hello"}],"max_tokens":50}"#),
            headers: [:])
        let text = try await GatewayFixture.text(of: reply)
        for key in [
            "\"output_tokens\":50", "\"input_tokens\":", "\"cost_usd\":0.000", "\"first_token_s\":", "\"utility\":",
        ] {
            #expect(text.contains(key), "\(key) in \(text)")
        }
    }

    @Test("a text has as many tokens however its body escapes it, and in a prompt as in a message")
    func escapes() async throws {
        let gateway = try gateway(.threshold(0.5))
        let plain = "Vì sao?\n\t\"/\\ 🌅\r\n    let x = 1"
        let escaped = #"V\u00ec sao?\u000a\u0009\"\/\\ \uD83C\uDF05\r\n    let x = 1"#
        let texts = [JSONText.quoted(plain), "\"\(escaped)\""]
        for text in texts {
            for body in [
                #"{"model":"auto","messages":[{"role":"user","content":\#(text)}]}"#, #"{"prompt":\#(text)}"#,
            ] {
                let reply = try await gateway.route(ByteBuffer(string: body), headers: [:])
                let receipt = try JSONDecoder().decode(
                    DecisionReceipt.self, from: Data(try await GatewayFixture.text(of: reply).utf8))
                let size = PromptSize(text: TextCounts(plain))
                #expect(receipt.candidates[0].inputTokens == size.tokens(TokenFamily(ofModel: "weak")), "\(body)")
            }
        }
    }
}
