import TurnoutCore

/// What the simulated provider says, whole or in events.
struct SimulatedAnswer {
    struct Event {
        let text: String
        let isToken: Bool
    }

    let tokens: [String]
    private let model: String
    private let head: String
    private let usage: String

    init(to ask: ChatRequest, number: Int, created: Int) {
        let name = ask.model ?? "unnamed"
        let content =
            "[simulated \(name)] No language model was asked. This text comes from Turnout's simulated provider, "
            + "so that everything around a model can be tried without one."
        self.tokens = content.split(separator: " ", omittingEmptySubsequences: false).enumerated()
            .map { $0.offset == 0 ? String($0.element) : " \($0.element)" }
        self.model = "simulated/\(name)"
        self.head = "\"id\":\"chatcmpl-simulated-\(number)\",\"created\":\(created),\"model\":\(JSONText.quoted(model))"
        // Four bytes a token is the usual rule of thumb for English.
        let (input, output) = ((ask.needs.textBytes + 3) / 4, tokens.count)
        self.usage = "{\"prompt_tokens\":\(input),\"completion_tokens\":\(output),\"total_tokens\":\(input + output)}"
    }

    var whole: String {
        """
        {"object":"chat.completion",\(head),"choices":[{"index":0,"message":{"role":"assistant","content":\
        \(JSONText.quoted(tokens.joined()))},"finish_reason":"stop"}],"usage":\(usage)}
        """
    }

    func events(withUsage: Bool) -> [Event] {
        let role = Event(text: chunk("{\"role\":\"assistant\",\"content\":\"\"}"), isToken: false)
        let words = tokens.map { Event(text: chunk("{\"content\":\(JSONText.quoted($0))}"), isToken: true) }
        let stop = Event(text: chunk("{}", finishReason: "\"stop\""), isToken: false)
        let count = Event(
            text: frame("{\"object\":\"chat.completion.chunk\",\(head),\"choices\":[],\"usage\":\(usage)}"),
            isToken: false)
        return [role] + words + [stop] + (withUsage ? [count] : []) + [Event(text: "data: [DONE]\n\n", isToken: false)]
    }

    private func chunk(_ delta: String, finishReason: String = "null") -> String {
        frame(
            """
            {"object":"chat.completion.chunk",\(head),"choices":[{"index":0,"delta":\(delta),\
            "finish_reason":\(finishReason)}]}
            """)
    }

    private func frame(_ data: String) -> String { "data: \(data)\n\n" }
}
