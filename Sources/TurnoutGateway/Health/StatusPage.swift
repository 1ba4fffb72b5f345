package import HTTPTypes
import NIOCore
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

extension Gateway {
    /// How models and providers are doing: JSON, or a page for whoever prefers HTML.
    package func status(headers: HTTPFields) -> Reply {
        let rows = StatusRow.all(directory.models, health, now: clock.now)
        guard headers[.accept]?.lowercased().contains("text/html") == true else {
            return .json(StatusPage.json(rows, uptime: clock.now))
        }
        return Reply(
            status: 200, headers: [.contentType: "text/html; charset=utf-8"],
            body: .whole(ByteBuffer(string: StatusPage.html(rows))))
    }
}

/// What `/status` says of one model or provider.
struct StatusRow {
    let kind: String
    let name: String
    let provider: String?
    let state: String
    /// Seconds until it is asked again, where it is being left alone.
    let wait: Double?
    let entry: HealthRegistry.Entry

    static func all(_ models: [Upstream], _ health: HealthRegistry, now: Duration) -> [StatusRow] {
        var providers: [String] = []
        for model in models where !providers.contains(model.provider) { providers.append(model.provider) }
        return providers.map { StatusRow("provider", $0, nil, health.entry(provider: $0), now) }
            + models.map { StatusRow("model", $0.model.name, $0.provider, health.entry(model: $0.model), now) }
    }

    private init(_ kind: String, _ name: String, _ provider: String?, _ entry: HealthRegistry.Entry, _ now: Duration) {
        self.kind = kind
        self.name = name
        self.provider = provider
        self.entry = entry
        let pause = entry.pausedUntil.map { $0 - now }.flatMap { $0 > .zero ? $0 : nil }
        switch entry.breaker.state {
        case .closed where pause != nil: state = "paused"
        case .closed: state = "closed"
        case .open(let until): state = until > now ? "open" : "half_open"
        case .probing: state = "half_open"
        }
        let remaining = max(pause ?? .zero, entry.breaker.remaining(now: now))
        wait = remaining > .zero ? remaining / .seconds(1) : nil
    }
}

/// Writes `/status`.
enum StatusPage {
    static func json(_ rows: [StatusRow], uptime: Duration) -> String {
        func list(_ kind: String) -> String {
            rows.filter { $0.kind == kind }.map(json).joined(separator: ",")
        }
        return """
            {"uptime_s":\(number(uptime / .seconds(1))),"providers":[\(list("provider"))],"models":[\(list("model"))]}
            """
    }

    private static func json(_ row: StatusRow) -> String {
        let entry = row.entry
        var fields = ["\"name\":\(JSONText.quoted(row.name))"]
        if let provider = row.provider { fields.append("\"provider\":\(JSONText.quoted(provider))") }
        let failure: String = entry.lastFailure.map { JSONText.quoted($0.description) } ?? "null"
        fields.append("\"state\":\"\(row.state)\"")
        fields.append("\"wait_s\":\(number(row.wait))")
        fields.append("\"successes\":\(entry.successes)")
        fields.append("\"failures\":\(entry.failures)")
        fields.append("\"last_failure\":\(failure)")
        if row.kind == "model" {
            fields.append("\"malformed_events\":\(entry.malformedEvents)")
            fields.append("\"first_token_s\":\(number(entry.speed.firstToken))")
            fields.append("\"tokens_per_second\":\(number(entry.speed.tokensPerSecond))")
        }
        return "{\(fields.joined(separator: ","))}"
    }

    static func html(_ rows: [StatusRow]) -> String {
        let body = rows.map(tableRow).joined(separator: "\n")
        let titles = [
            "", "name", "provider", "state", "asked again in s", "answered", "failed", "last failure",
            "first token in s",
            "tokens a second",
        ]
        let head = titles.map { "<th>\($0)</th>" }.joined()
        return """
            <!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
            <meta name="viewport" content="width=device-width"><title>Turnout: status</title>
            <style>body{font:15px system-ui;margin:2em;color:#222}table{border-collapse:collapse}
            td,th{padding:.3em .8em;text-align:left;border-bottom:1px solid #ddd}
            .open td,.paused td{background:#fde8e8}.half_open td{background:#fff6db}</style>
            <h1>Status</h1><table><thead><tr>\(head)</tr></thead><tbody>
            \(body)
            </tbody></table></html>
            """
    }

    private static func tableRow(_ row: StatusRow) -> String {
        let entry = row.entry
        var cells: [String] = [row.kind, row.name, row.provider ?? "", row.state]
        cells.append(row.wait.map(number) ?? "")
        cells += [String(entry.successes), String(entry.failures), entry.lastFailure?.description ?? ""]
        cells.append(entry.speed.firstToken.map(number) ?? "")
        cells.append(entry.speed.tokensPerSecond.map(number) ?? "")
        let text = cells.map { "<td>\(escaped($0))</td>" }.joined()
        return "<tr class=\"\(row.state)\">\(text)</tr>"
    }

    private static func number(_ value: Double?) -> String { value.map(number) ?? "null" }

    /// At most three places after the point.
    private static func number(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
