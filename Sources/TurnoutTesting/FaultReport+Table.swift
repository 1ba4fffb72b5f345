import Foundation

extension FaultReport {
    /// The table for people: a line each, caller's view and providers' view.
    public var table: String {
        let head = ["fault", "asked for", "fallback", "caller", "after", "attempts at the faulty model, s", "verdict"]
        let lines = rows.map { row in
            [
                row.fault.summary, row.streams ? "stream" : "whole", row.hasFallback ? "yes" : "no", row.caller,
                Self.seconds(row.view.duration) + " s",
                row.attempts.map(Self.seconds).joined(separator: " "), row.problem ?? "ok",
            ]
        }
        let all = [head] + lines
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { line in
            zip(line, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
                .joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// A line each for machines: `{"fault","streams","fallback","status","whole","error","seconds","attempts_s","problem"}`.
    public var json: String {
        rows.map { row in
            let times = row.attempts.map(Self.seconds).joined(separator: ",")
            let error = row.view.errorCode.map { "\"\($0)\"" } ?? "null"
            let problem = row.problem.map { "\"\($0.replacing("\"", with: "'"))\"" } ?? "null"
            return """
                {"fault":"\(row.fault.rawValue)","streams":\(row.streams),"fallback":\(row.hasFallback),\
                "status":\(row.view.status),"whole":\(row.view.isWhole),"error":\(error),\
                "seconds":\(Self.seconds(row.view.duration)),"attempts_s":[\(times)],"problem":\(problem)}
                """
        }.joined(separator: "\n")
    }

    private static func seconds(_ duration: Duration) -> String {
        String((duration / .milliseconds(10)).rounded() / 100)
    }
}

extension FaultReport.Row {
    /// What the caller got, in a few words.
    var caller: String {
        if view.isWhole { return "whole answer" }
        if let broken = view.broken { return broken }
        let words = view.text.isEmpty ? "" : "\(view.text.split(separator: " ").count) tokens, then "
        return "\(words)\(view.status == 200 ? "" : "\(view.status) ")\(view.errorCode ?? "nothing")"
    }
}
