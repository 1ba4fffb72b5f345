"""Times POST /v1/embeddings of a running build, and prints requests a second and processor time of the gateway.

    python Reference/bench_embeddings.py [--encoder static|FOLDER] [--inputs 1] [--seconds 5] [--connections 4]

Starts `turnout serve` from `make build` with one encoder, and asks it for the vectors of short questions over that many
connections at once. Processor time is that of the gateway's process, so that it holds on a machine that is busy with
other things, where requests a second do not.
"""
import argparse
import http.client
import json
import os
import subprocess
import tempfile
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
TURNOUT = os.path.join(ROOT, ".build", "release", "turnout")
TEXT = "What is the smallest number of moves in which the knight can reach the other corner of the board? ({})"


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port, body, until, counts, index):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while time.perf_counter() < until:
        connection.request("POST", "/v1/embeddings", body, {"content-type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        counts[index] += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", default="static")
    parser.add_argument("--inputs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=4)
    arguments = parser.parse_args()
    encoder = arguments.encoder if arguments.encoder == "static" else os.path.abspath(arguments.encoder)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(f"models: {{ encoder: {{ encoder: '{encoder}' }} }}\nserver: {{ port: 0 }}\n")
        file.flush()
        process = subprocess.Popen([TURNOUT, "serve", "--config", file.name, "--quiet"], stdout=subprocess.PIPE, text=True)
        try:
            port = int(process.stdout.readline().strip().rsplit(":", 1)[1])
            for form in ("base64", "float"):
                texts = [TEXT.format(number) for number in range(arguments.inputs)]
                body = json.dumps({"model": "encoder", "input": texts, "encoding_format": form})
                counts = [0] * arguments.connections
                started, used = time.perf_counter(), processor_seconds(process)
                threads = [threading.Thread(target=ask, args=(port, body, started + arguments.seconds, counts, index))
                           for index in range(arguments.connections)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                wall, used, count = time.perf_counter() - started, processor_seconds(process) - used, sum(counts)
                print(f"{arguments.encoder} {form:6} {arguments.inputs} inputs: {count / wall:8.0f} requests/s, "
                      f"{1e6 * used / count:8.0f} us of processor a request", flush=True)
        finally:
            process.terminate()
            process.wait()


main()
