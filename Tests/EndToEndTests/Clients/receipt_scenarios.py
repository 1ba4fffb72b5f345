"""One receipt from `turnout route`, `/v1/route`, dry runs and live requests; run by `ReceiptTests.swift`."""

import json
import os
import subprocess
import tempfile
import urllib.request

from harness import gateway

POLICIES = {
    "threshold": "{ threshold: 0.4 }",
    "share": "{ strong_share: 0.3 }",
    "target": "{ target_quality: 0.9 }",
    "cheapest": "{ cheapest_above: 0.6 }",
    "utility": "{ utility: { lambda: 20, mu: 0.01 } }",
    "latency": "{ latency: realtime }",
    "budget": "{ budget: { dollars: 1, per: day } }",
    "poor": "{ budget: { dollars: 0.001, per: day } }",
    "tasks": "{ capability: by_size }",
    "all": "{ capability: by_size, latency: interactive, utility: { lambda: 20, mu: 0.01 } }",
}
PROMPTS = [
    "What is the capital of France?",
    "Why does this fail?\n\n\tlet path = \"C:\\\\temp\"\n\tprint(path / 2)\r\n",
    "Hãy giải thích vì sao bầu trời ban ngày có màu xanh 🌅",
    "Prove that every finite group of prime order is cyclic, and say where each step uses that the order is prime.",
]
# A request that says more than a prompt: it comes as a line of JSON or as a body.
WHOLE = {
    "messages": [
        {"role": "system", "content": "You answer \"briefly\".\nAlways."},
        {"role": "user", "content": [{"type": "text", "text": "Which of these\nis the oldest?"}]},
    ],
    "tools": [{"type": "function", "function": {"name": "look", "description": "looks\n\"up\"", "parameters": {}}}],
    "max_tokens": 40, "n": 2, "response_format": {"type": "json_object"},
}


def configuration():
    """Each route has models of its own, so that none learns from another's requests how fast they are."""
    lines = ["providers: { sim: { protocol: simulated, first_token_ms: 1, tokens_per_second: 100000 } }", "models:"]
    for name in POLICIES:
        lines.append(f"  weak-{name}: {{ provider: sim, size: 3-7B, price: {{ input: 0.1, output: 0.4 }} }}")
        lines.append(f"  strong-{name}: {{ provider: sim, size: 32B+, price: {{ input: 2, output: 8 }} }}")
    lines.append("routes:")
    for name, policy in POLICIES.items():
        lines.append(f"  {name}: {{ candidates: [weak-{name}, strong-{name}], policy: {policy} }}")
    return "\n".join(lines)


def decided(text):
    """A receipt without what is each decision's own: its id, its time, what became of the attempts."""
    receipt = json.loads(text)
    return {key: value for key, value in receipt.items() if key not in ("decision", "micros", "attempts")}


def post(url, body, **headers):
    request = urllib.request.Request(url, data=body.encode(), headers={"content-type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.read().decode(), response.headers


def main():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file, gateway(configuration()) as running:
        file.write(configuration())
        file.flush()
        for number, name in enumerate(POLICIES):
            def route(*arguments, lines=None):
                command = [os.environ["TURNOUT"], "route", "--json", "--config", file.name, "--route", name, *arguments]
                result = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60)
                assert result.returncode == 0, result.stderr
                return [decided(line) for line in result.stdout.splitlines()]

            def compare(expected, text, what):
                assert decided(text) == expected, f"{name}, {what}:\n{json.dumps(expected)}\n{text}"

            def ask(body, what, expected, live):
                body = json.dumps({"model": name, **body}, ensure_ascii=live)
                compare(expected, post(f"{running.url}/v1/route", body)[0], f"/v1/route, {what}")
                if "messages" in body:
                    dry = post(f"{running.url}/v1/chat/completions", body, **{"x-turnout-dry-run": "1"})[0]
                    compare(expected, dry, f"dry run, {what}")
                if live:
                    decision = post(f"{running.url}/v1/chat/completions", body)[1]["x-turnout-decision"]
                    with urllib.request.urlopen(f"{running.url}/v1/decisions/{decision}", timeout=20) as response:
                        kept = response.read().decode()
                    assert json.loads(kept)["attempts"], kept
                    compare(expected, kept, f"live request, {what}")

            messages = [{"messages": [{"role": "user", "content": prompt}]} for prompt in PROMPTS]
            bodies = [{"prompt": prompt} for prompt in PROMPTS] + messages + [WHOLE]
            receipts = route(lines="\n".join(json.dumps(body, ensure_ascii=index % 2 == 0)
                                             for index, body in enumerate(bodies)))
            assert len(receipts) == len(bodies)
            assert receipts[:len(PROMPTS)] == receipts[len(PROMPTS):-1], f"{name}: a prompt is no message"
            bare = number % len(PROMPTS)
            assert route(PROMPTS[bare]) == [receipts[bare]], f"{name}: an argument is no prompt"
            # Once a model has been asked, the gateway knows more than anybody else: the live request comes last.
            live = len(PROMPTS) + number % (len(PROMPTS) + 1)
            for index in sorted(range(len(bodies)), key=lambda index: index == live):
                ask(bodies[index], f"body {index}", receipts[index], live=index == live)


main()
