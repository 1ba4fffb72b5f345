"""A gateway from the built binary, and a provider that does as it is told, for the time of a scenario."""

import http.server
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager


class Provider:
    """An OpenAI-like provider. What a request does is named by the model: see `Handler.do_POST`."""

    def __init__(self):
        self.bodies, self.heads = [], []
        self.arrived, self.left = threading.Event(), threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.provider = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    data = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "up", "choices": [choice]}
    return f"data: {json.dumps(data)}\n\n".encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        provider = self.server.provider
        body = self.rfile.read(int(self.headers["content-length"]))
        provider.bodies.append(body)
        provider.heads.append(dict(self.headers))
        provider.arrived.set()
        model = json.loads(body)["model"]
        if model == "echo":
            message = {"role": "assistant", "content": "seen"}
            self.whole(200, {"id": "c", "object": "chat.completion", "created": 1, "model": "echo",
                             "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                             "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}})
        elif model == "embed":
            self.whole(200, {"object": "list", "model": "embed", "usage": {"prompt_tokens": 2, "total_tokens": 2},
                             "data": [{"object": "embedding", "index": 0, "embedding": "AAAAPwAAgL8="}]})
        elif model.startswith("status-"):
            self.whole(int(model.removeprefix("status-")), {"error": {"message": f"provider says {model}"}})
        elif model == "silent":
            self.wait_until_left()
        elif model == "endless":
            self.stream_head()
            self.piece(chunk({"role": "assistant", "content": "first"}))
            self.wait_until_left()
        elif model == "slow":
            self.stream_head()
            for number in range(10):
                self.piece(chunk({"content": f"{number} "}))
                time.sleep(0.1)
            self.piece(chunk({}, "stop"))
            self.piece(b"data: [DONE]\n\n")
            self.piece(b"")
        elif model == "cut":
            self.stream_head()
            self.piece(chunk({"content": "half"}))
            self.piece(chunk({"content": "torn"})[:30])
            self.close_connection = True

    def whole(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream_head(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def piece(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def wait_until_left(self):
        self.connection.settimeout(30)
        try:
            if self.connection.recv(1) == b"":
                self.server.provider.left.set()
        except ConnectionError:
            self.server.provider.left.set()
        self.close_connection = True


class Gateway:
    def __init__(self, process, url):
        self.process, self.url = process, url

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def gateway(configuration):
    """Runs `turnout serve` on a free port and yields it once it takes requests."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        file.write(configuration)
    try:
        with served("--config", file.name) as running:
            yield running
    finally:
        os.unlink(file.name)


@contextmanager
def faulty_gateway(speed):
    """Runs `turnout serve --faults`, whose waits pass `speed` times as fast."""
    with served("--faults", "--speed", str(speed)) as running:
        yield running


@contextmanager
def served(*arguments):
    process = subprocess.Popen([os.environ["TURNOUT"], "serve", *arguments, "--port", "0", "--quiet"],
                               stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), f"the gateway did not start: {url}"
        yield Gateway(process, url)
    finally:
        process.kill()
        process.wait()


SIMULATED = """
providers: { sim: { protocol: simulated, first_token_ms: 1, tokens_per_second: 100000 } }
models: { weak: { provider: sim, price: { input: 1, output: 2 } }, strong: { provider: sim } }
routes: { auto: { candidates: [weak, strong], policy: { strong_share: 0 } } }
"""


def upstream_configuration(provider, *models, extra=""):
    lines = "\n".join(f"  {name}: {{ provider: up, id: {name} }}" for name in models)
    return f"providers: {{ up: {{ protocol: openai, base_url: '{provider.url}', api_key: sk-provider }} }}\nmodels:\n{lines}\n{extra}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
