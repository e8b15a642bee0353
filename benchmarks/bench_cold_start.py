"""How long a fresh process takes to its first answer: the plain SDK on FastAPI, and Mainstem.

Mainstem is measured with FastAPI too, and through the adapters that need no framework. The plain
side runs as in an environment of its own, without the rich and pygments that Mainstem brings. Both
have the same thirteen functions and answer the same signed call, in turns, so that a noisy
machine is noisy for both. Measured from the start of the process, in milliseconds:

- a server (uvicorn), until the answer to a request that waits already has come;
- a Lambda handler behind mangum, until it has answered its first event.

Time by the clock, and time of the processor, which a busy machine changes less. Ratios of medians
matter, not the milliseconds. `--rounds N` sets how often (15).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from inngest._internal import net
from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parent / "serving"
SIGNING_KEY = "signkey-prod-" + "ab" * 16
TARGET = "/api/inngest?fnId=bench-work-0&stepId=step"
ENVIRON = {
    "PATH": os.environ["PATH"],
    "MAINSTEM_ENV": "production",
    "MAINSTEM_APP_ID": "bench",
    "MAINSTEM_DATABASE_URL": "sqlite:////tmp/bench.db",
    "INNGEST_SIGNING_KEY": SIGNING_KEY,
    "INNGEST_EVENT_KEY": "a-key",
} | {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}


def call_body() -> bytes:
    """The server's call of a function without steps, canonical as it is signed."""
    event = {"name": "bench/order.placed", "data": {"orderId": 7}, "id": "e", "ts": 1, "user": {}}
    ctx = {
        "attempt": 0,
        "disable_immediate_execution": False,
        "run_id": "01BENCH",
        "max_attempts": 1,
        "stack": {"current": 0, "stack": []},
    }
    body = {"ctx": ctx, "event": event, "events": [event], "steps": {}, "use_api": False}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


BODY = call_body()
SIGNATURE = str(net.sign_request(BODY, SIGNING_KEY))


def start(
    kind: str, module: str, *, stdin: int | None = None, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    """A fresh interpreter on its way to one answer."""
    return subprocess.Popen(
        [sys.executable, str(FOLDER / "first_answer.py"), kind, module],
        env=ENVIRON,
        stdin=stdin,
        stdout=subprocess.PIPE,
        pass_fds=pass_fds,
    )


def server(module: str) -> tuple[float, float]:
    """Milliseconds, by the clock and of the processor, from a server's start to its answer."""
    listener = socket.create_server(("127.0.0.1", 0))
    request = (
        f"POST {TARGET} HTTP/1.1\r\nhost: bench.test\r\ncontent-type: application/json\r\n"
        f"x-inngest-signature: {SIGNATURE}\r\ncontent-length: {len(BODY)}\r\n"
        "connection: close\r\n\r\n"
    ).encode() + BODY
    with listener, socket.create_connection(listener.getsockname()) as waiting:
        waiting.settimeout(60)
        waiting.sendall(request)
        os.dup2(listener.fileno(), 3)
        began = time.perf_counter()
        process = start("server", module, pass_fds=(3,))
        answer = waiting.recv(65536)
        took = time.perf_counter() - began
        process.kill()
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return took * 1000, _processor_ms(process)


def lambda_function(module: str) -> tuple[float, float]:
    """The same from the start of a process to its answer to one event."""
    path, _, query = TARGET.partition("?")
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "bench.test", "x-inngest-signature": SIGNATURE},
        "requestContext": {"http": {"method": "POST", "path": path, "sourceIp": "192.0.2.1"}},
        "body": BODY.decode(),
        "isBase64Encoded": False,
    }
    given = json.dumps(event).encode()
    began = time.perf_counter()
    process = start("lambda", module, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(given)
    process.stdin.close()
    # What is logged on the way may go to standard output too.
    answer = next(line for line in process.stdout if line.startswith(b"{"))
    took = time.perf_counter() - began
    assert json.loads(answer)["statusCode"] == 200, answer
    return took * 1000, _processor_ms(process)


def _processor_ms(process: subprocess.Popen[bytes]) -> float:
    """What an ended process used of the processor, in milliseconds."""
    assert process.stdout is not None
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return (used.ru_utime + used.ru_stime) * 1000


MEASURED: dict[str, tuple[Callable[[str], tuple[float, float]], str, str]] = {
    # Like for like: FastAPI on both sides.
    "server: the SDK on FastAPI, serving.fastapi on FastAPI": (
        server,
        "plain_fastapi",
        "mainstem_fastapi",
    ),
    # What our adapter without a framework saves.
    "server: the SDK on FastAPI, serving.asgi without it": (
        server,
        "plain_fastapi",
        "mainstem_asgi",
    ),
    "Lambda: the SDK on FastAPI + mangum, serving.aws_lambda without FastAPI": (
        lambda_function,
        "plain_lambda",
        "mainstem_lambda",
    ),
}


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Each kind in turns; medians by the clock and of the processor."""
    found = {}
    for name, (take, plain, ours) in MEASURED.items():
        for module in (plain, ours):  # the first writes .pyc files and fills the page cache
            take(module)
        taken = [(take(plain), take(ours)) for _ in range(rounds)]
        for index, what in enumerate(("wall", "cpu")):
            plain_ms, our_ms = (
                statistics.median(pair[side][index] for pair in taken) for side in (0, 1)
            )
            found[f"{name} ({what})"] = {
                "plain_ms": round(plain_ms, 1),
                "mainstem_ms": round(our_ms, 1),
                "ratio": round(our_ms / plain_ms, 3),
            }
    return found


def main() -> None:
    """Measure, and print a table and JSON."""
    parser = argparse.ArgumentParser(description="Cold start, in turns.")
    parser.add_argument("--rounds", type=int, default=15)
    found = measure(parser.parse_args().rounds)
    table = Table("cold start (ms, median)", "plain SDK", "Mainstem", "ratio")
    for name, figures in found.items():
        table.add_row(name, *(f"{value:g}" for value in figures.values()))
    Console().print(table)
    print(json.dumps({"cold_start": found}))


if __name__ == "__main__":
    main()
