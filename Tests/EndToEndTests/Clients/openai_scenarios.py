"""The official `openai` client against a running gateway. Usage: openai_scenarios.py SCENARIO

TURNOUT names the binary. Exit code 0 when all is as it should be.
"""

import asyncio
import concurrent.futures
import contextlib
import json
import math
import os
import struct
import subprocess
import sys
import time
import urllib.request

import openai
from harness import SIMULATED, Provider, faulty_gateway, free_port, gateway, upstream_configuration

ASK = [{"role": "user", "content": "What is the capital of France?"}]


def client_of(running, **options):
    return openai.OpenAI(base_url=f"{running.url}/v1", api_key="sk-client", max_retries=0, timeout=20, **options)


def whole():
    with gateway(SIMULATED) as running:
        raw = client_of(running).chat.completions.with_raw_response.create(model="auto", messages=ASK)
        answer = raw.parse()
        assert answer.model == "simulated/weak", answer.model
        assert "[simulated weak]" in answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0
        assert raw.headers["x-turnout-model"] == "weak" and raw.headers["x-turnout-attempts"] == "1"
        assert float(raw.headers["x-turnout-cost"]) > 0
        receipt = json.load(urllib.request.urlopen(f"{running.url}/v1/decisions/{raw.headers['x-turnout-decision']}"))
        assert receipt["model"] == "weak" and len(receipt["candidates"]) == 2, receipt
        named = client_of(running).chat.completions.create(model="router-auto-0", messages=ASK)
        assert named.model == "simulated/strong", named.model
        listed = [model.id for model in client_of(running).models.list()]
        assert listed == ["auto", "weak", "strong"], listed


def stream():
    with gateway(SIMULATED) as running:
        client = client_of(running)
        for usage in (False, True):
            options = {"stream_options": {"include_usage": True}} if usage else {}
            chunks = list(client.chat.completions.create(model="auto", messages=ASK, stream=True, **options))
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            assert text.startswith("[simulated weak]"), text
            assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
            assert [c.usage is not None for c in chunks].count(True) == (1 if usage else 0)
            assert (chunks[-1].usage is not None) == usage


def fields():
    provider = Provider()
    sent = []
    hook = openai.DefaultHttpxClient(event_hooks={"request": [lambda request: sent.append(request.read())]})
    tool = {"type": "function", "function": {"name": "weather", "description": "Thời tiết \"hôm nay\" 🌦", "strict": True,
            "parameters": {"type": "object", "properties": {"city": {"type": "string", "enum": ["Huế", "Đà Nẵng"]},
                           "n": {"type": "number", "minimum": -1.5e-3}}, "required": ["city"], "additionalProperties": False}}}
    schema = {"type": "json_schema", "json_schema": {"name": "out", "schema": {"type": "object", "properties": {}}}}
    with gateway(upstream_configuration(provider, "echo", "echo2", extra="routes: { auto: { candidates: [echo, echo2], policy: { strong_share: 0 } } }")) as running:
        client_of(running, http_client=hook).chat.completions.create(
            model="auto", messages=ASK + [{"role": "assistant", "content": None, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Huế\"}"}}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "31°"}],
            tools=[tool], tool_choice="auto", response_format=schema, seed=7,
            extra_body={"top_k": 40, "vendor": {"nested": [1, 2.0, None, {"deep": "\u0000\u2028"}]}})
    expected = sent[0].replace(b'"auto"', b'"echo"', 1)
    model_at = sent[0].index(b'"model":')
    assert sent[0].index(b'"auto"') > model_at
    expected = sent[0][:model_at] + sent[0][model_at:].replace(b'"auto"', b'"echo"', 1)
    assert provider.bodies[0] == expected, provider.bodies[0]
    head = {name.lower(): value for name, value in provider.heads[0].items()}
    assert head["authorization"] == "Bearer sk-provider" and "sk-client" not in json.dumps(head), head


def cancellation():
    for model in ("silent", "endless"):
        provider = Provider()
        with gateway(upstream_configuration(provider, model)) as running:
            async def leave():
                client = openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key="x", max_retries=0)
                first = asyncio.Event()
                async def ask():
                    events = await client.chat.completions.create(model=model, messages=ASK, stream=True)
                    async for _ in events:
                        first.set()
                task = asyncio.create_task(ask())
                assert await asyncio.to_thread(provider.arrived.wait, 10)
                if model == "endless":
                    await asyncio.wait_for(first.wait(), 10)
                assert not provider.left.is_set()
                task.cancel()
                start = time.monotonic()
                await asyncio.gather(task, return_exceptions=True)
                await client.close()
                assert await asyncio.to_thread(provider.left.wait, 10), f"{model}: the provider was not left"
                print(f"{model}: provider left {1000 * (time.monotonic() - start):.1f} ms after the client")
            asyncio.run(leave())


def errors():
    provider = Provider()
    models = ["status-401", "status-404", "status-422", "status-429", "status-503"]
    configuration = upstream_configuration(provider, *models, extra="server: { max_body_bytes: 10000 }")
    with gateway(configuration) as running:
        client = client_of(running)

        def expect(kind, words, status, **request):
            try:
                client.chat.completions.create(**{"model": "status-401", "messages": ASK, **request})
            except openai.APIStatusError as error:
                assert type(error) is kind, (type(error), kind)
                assert error.status_code == status and words in str(error), str(error)
                return error
            raise AssertionError(f"no {kind.__name__}")

        expect(openai.NotFoundError, "there are: status-401", 404, model="nope")
        expect(openai.BadRequestError, "between 0 and 1", 400, model="router-default-7")
        expect(openai.BadRequestError, "messages", 400, messages=[])
        expect(openai.APIStatusError, "max_body_bytes", 413, messages=[{"role": "user", "content": "x" * 20000}])
        refused = expect(openai.AuthenticationError, "status 401", 401)
        assert "provider says" not in str(refused), "a provider's words about a key may hold part of it"
        expect(openai.NotFoundError, "provider says", 404, model="status-404")
        expect(openai.UnprocessableEntityError, "provider says", 422, model="status-422")
        expect(openai.RateLimitError, "status-429 (provider up)", 429, model="status-429")
        error = expect(openai.InternalServerError, "status-503 (provider up)", 503, model="status-503")
        assert error.response.headers["x-turnout-attempts"] == "3"


def interruption():
    provider = Provider()
    with gateway(upstream_configuration(provider, "cut")) as running:
        text = ""
        try:
            for event in client_of(running).chat.completions.create(model="cut", messages=ASK, stream=True):
                text += event.choices[0].delta.content or ""
            raise AssertionError("a cut stream was passed off as whole")
        except openai.APIError as error:
            assert "broke off" in str(error), str(error)
        assert text == "half", text


def drain():
    provider = Provider()
    with gateway(upstream_configuration(provider, "slow")) as running:
        events = client_of(running).chat.completions.create(model="slow", messages=ASK, stream=True)
        text = next(iter(events)).choices[0].delta.content
        running.terminate()
        text += "".join(event.choices[0].delta.content or "" for event in events if event.choices)
        assert text == "".join(f"{number} " for number in range(10)), text
        assert running.process.wait(10) == 0, running.process.returncode


WORDS = "".join(f"word{number} " for number in range(60))
FAULTS = ["rate-limited-briefly", "rate-limited", "one-500", "unavailable", "reset", "silent", "slow-first-token", "cut", "stall",
          "malformed", "no-done", "context-length", "content-policy", "cut-without-prefill", "outage", "accounting"]


def faults():
    """All sixteen, streamed and whole, with a fallback and without, on clocks that run ten times as fast."""
    with faulty_gateway(speed=10) as running, concurrent.futures.ThreadPoolExecutor(64) as pool:
        client = client_of(running).with_options(timeout=120)

        def ask(model, streams):
            try:
                if not streams:
                    answer = client.chat.completions.create(model=model, messages=ASK)
                    return answer.choices[0].message.content, answer.choices[0].finish_reason, answer.usage.completion_tokens
                text, finish, usage = "", None, None
                for event in client.chat.completions.create(model=model, messages=ASK, stream=True,
                                                            stream_options={"include_usage": True}):
                    usage = event.usage.completion_tokens if event.usage else usage
                    for choice in event.choices:
                        text, finish = text + (choice.delta.content or ""), choice.finish_reason or finish
                return text, finish, usage
            except openai.APIError as error:
                return error

        jobs = {(fault, fallback, streams): pool.submit(ask, fault + ("-with-fallback" if fallback else ""), streams)
                for fault in FAULTS for fallback in (True, False) for streams in (True, False)}
        for (fault, fallback, streams), job in jobs.items():
            result = job.result()
            print(fault, "fallback" if fallback else "alone", "stream" if streams else "whole", str(result)[:150], file=sys.stderr)
            if fault == "content-policy":
                assert isinstance(result, openai.BadRequestError) and "not to be talked about" in str(result), result
            elif fallback:
                assert result == (WORDS, "stop", 60), (fault, streams, result)
            else:
                assert isinstance(result, openai.APIError) or result == (WORDS, "stop", 60), (fault, streams, result)
        assert ask("healthy", True) == (WORDS, "stop", 60)


def embeddings():
    provider = Provider()
    texts = ["What is the capital of France?", "Prove that there are infinitely many primes.", "Huế 🌦 \u2028 \x00"]
    extra = "  st: { encoder: static }\nroutes: { auto: { candidates: [embed, status-503] } }"
    with gateway(upstream_configuration(provider, "embed", "status-503", extra=extra)) as running:
        client = client_of(running)
        whole = client.embeddings.create(model="st", input=texts)
        assert whole.object == "list" and whole.model == "st", whole
        assert [item.index for item in whole.data] == [0, 1, 2] and whole.data[0].object == "embedding"
        assert len(whole.data[0].embedding) == 256 and whole.usage.prompt_tokens == whole.usage.total_tokens > 10
        floats = client.embeddings.create(model="st", input=texts, encoding_format="float", dimensions=256, user="u")
        for item, number in zip(whole.data, floats.data):
            rounded = list(struct.unpack("256f", struct.pack("256f", *number.embedding)))
            assert item.embedding == rounded, "the two formats differ"
        alone = client.embeddings.create(model="st", input=texts[1])
        assert alone.data[0].embedding == whole.data[1].embedding
        assert len(client.embeddings.create(model="st", input=["word"] * 2048).data) == 2048
        assert "st" in [model.id for model in client.models.list()]

        answer = client.embeddings.with_raw_response.create(model="embed", input=[[1, 2]], dimensions=7)
        assert answer.parse().data[0].embedding == [0.5, -1.0], answer.parse()
        assert answer.headers["x-turnout-model"] == "embed"
        assert json.loads(provider.bodies[0]) == {"input": [[1, 2]], "model": "embed", "dimensions": 7,
                                                  "encoding_format": "base64"}, provider.bodies[0]

        def expect(kind, words, **request):
            try:
                client.embeddings.create(**{"model": "st", "input": "x", **request})
            except openai.APIStatusError as error:
                assert type(error) is kind and words in str(error), (type(error), str(error))
                return
            raise AssertionError(f"no {kind.__name__}")

        expect(openai.BadRequestError, "token ids", input=[15496, 995])
        expect(openai.BadRequestError, "'input[1]' is an empty text", input=["x", ""])
        expect(openai.BadRequestError, "empty list", input=[])
        expect(openai.BadRequestError, "at most 2048", input=["x"] * 2049)
        expect(openai.BadRequestError, "have 256 numbers", dimensions=128)
        expect(openai.BadRequestError, "'auto' is a route", model="auto")
        expect(openai.NotFoundError, "there are: st, embed, status-503", model="nope")
        expect(openai.InternalServerError, "status-503 (provider up)", model="status-503")
        try:
            client.chat.completions.create(model="st", messages=ASK)
            raise AssertionError("an encoder took part in a chat")
        except openai.BadRequestError as error:
            assert "answers /v1/embeddings only" in str(error), str(error)


@contextlib.contextmanager
def llama_server():
    folder, port = os.environ["TURNOUT_LLAMA_SERVER"], free_port()
    server = subprocess.Popen([f"{folder}/llama-server", "-m", f"{folder}/tiny.gguf", "--port", str(port), "-c", "2048", "-t", "1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        yield port
    finally:
        server.kill()
        server.wait()


def llama():
    with llama_server() as port:
        configuration = f"""
providers: {{ real: {{ protocol: openai, base_url: 'http://127.0.0.1:{port}/v1' }} }}
models: {{ tiny: {{ provider: real }}, tiny2: {{ provider: real }} }}
routes: {{ auto: {{ candidates: [tiny, tiny2] }} }}
"""
        with gateway(configuration) as running:
            client = client_of(running)
            answer = client.chat.completions.create(model="auto", messages=ASK, max_tokens=16, seed=1, temperature=0)
            assert answer.choices[0].finish_reason in ("length", "stop") and answer.usage.completion_tokens > 0
            chunks = list(client.chat.completions.create(model="auto", messages=ASK, max_tokens=16, seed=1, temperature=0,
                                                         stream=True, stream_options={"include_usage": True}))
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            assert text == answer.choices[0].message.content, (text, answer.choices[0].message.content)
            assert chunks[-1].usage.completion_tokens == answer.usage.completion_tokens
            try:
                client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "x " * 4000}], max_tokens=4)
                raise AssertionError("no error for a prompt that is too long")
            except openai.BadRequestError as error:
                assert "context" in str(error), str(error)
            events = client.chat.completions.create(model="auto", messages=ASK, max_tokens=900, stream=True)
            next(iter(events))
            events.close()
            again = client.chat.completions.create(model="auto", messages=ASK, max_tokens=4)
            assert again.usage.completion_tokens <= 4


def classifier():
    """A causal-llm router reads the same score off the server's log-probabilities as this does by itself."""
    with llama_server() as port:
        address = f"http://127.0.0.1:{port}/v1"
        instruction, question = "Grade it.", "Question: {question} Grade:"
        text = ASK[0]["content"]
        answer = openai.OpenAI(base_url=address, api_key="x").chat.completions.create(
            model="tiny", max_tokens=4, temperature=0, logprobs=True, top_logprobs=400,
            messages=[{"role": "system", "content": instruction}, {"role": "user", "content": question.replace("{question}", text)}])
        mass = {}
        for position in answer.choices[0].logprobs.content:
            for token in position.top_logprobs:
                label = token.token.strip()  # a byte vocabulary spells a digit in several ways
                if label in ("1", "2", "3", "4", "5"):
                    mass[label] = mass.get(label, 0) + math.exp(token.logprob)
            if mass:
                break
        assert len(mass) == 5, mass
        expected = 1 - (mass["4"] + mass["5"]) / sum(mass.values())
        configuration = f"""
providers: {{ real: {{ protocol: openai, base_url: '{address}' }}, sim: {{ protocol: simulated, first_token_ms: 0 }} }}
models: {{ judge: {{ provider: real, id: tiny }}, weak: {{ provider: sim }}, strong: {{ provider: sim }} }}
routes:
  auto:
    candidates: [weak, strong]
    policy: {{ threshold: {expected + 0.001} }}
    router:
      causal_llm: {{ model: judge, timeout: 20, least_mass: 0, top_tokens: 400, instruction: "{instruction}", question: "{question}" }}
  strict:
    candidates: [weak, strong]
    policy: {{ threshold: 0.9 }}
    router: {{ causal_llm: {{ model: judge, timeout: 20 }} }}
"""
        with gateway(configuration) as running:
            raw = client_of(running).chat.completions.with_raw_response.create(model="auto", messages=ASK)
            assert raw.headers["x-turnout-model"] == "weak", raw.headers["x-turnout-reason"]
            receipt = json.load(urllib.request.urlopen(f"{running.url}/v1/decisions/{raw.headers['x-turnout-decision']}"))
            assert abs(receipt["score"] - expected) < 1e-3 and receipt["router"] == "causal-llm", (receipt, expected)
            # Random weights give digits a few hundredths of the probability: no score, so the strong model.
            raw = client_of(running).chat.completions.with_raw_response.create(model="strict", messages=ASK)
            assert raw.headers["x-turnout-model"] == "strong" and "gave no score" in raw.headers["x-turnout-reason"]
        told = subprocess.run(
            [os.environ["TURNOUT"], "route", "--router", "causal-llm", "--classifier-url", address, "--classifier-timeout", "20", "--json", text],
            capture_output=True, text=True, check=True)
        assert json.loads(told.stdout)["model"] == "strong", told.stdout


def wait_for(url):
    for _ in range(300):
        try:
            return urllib.request.urlopen(url)
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
