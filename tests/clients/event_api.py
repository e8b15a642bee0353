"""An event API on a socket of its own, and an environment that lies to the SDK."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from inngest._internal.const import EnvKey

from mainstem.settings import BRANCH_VARIABLES

_ADDRESSES = {"INNGEST_DEV", "INNGEST_BASE_URL", "INNGEST_API_BASE_URL", "INNGEST_SERVE_ORIGIN",
              "INNGEST_EVENT_API_BASE_URL"}  # fmt: skip

# Every variable that the installed SDK knows, and every branch variable, set to something wrong.
POISON = {
    **{row.variable: "poison" for row in BRANCH_VARIABLES},
    **{
        key.value: f"http://127.0.0.1:{9 + place}" if key.value in _ADDRESSES else "poison"
        for place, key in enumerate(EnvKey)
    },
    "INNGEST_SIGNING_KEY": "signkey-branch-ffff",
    "INNGEST_SIGNING_KEY_FALLBACK": "signkey-branch-eeee",
    "INNGEST_STREAMING": "force",
    "INNGEST_ENABLE_UNAUTHED_SYNC": "0",
    "INNGEST_THREAD_POOL_MAX_WORKERS": "1",
    "INNGEST_CONNECT_MAX_WORKER_CONCURRENCY": "1",
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # so that connections are kept, unless the client says no
    server: EventApi

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        self._answer(b'{"ids": ["1"], "status": 200}')

    def do_GET(self) -> None:
        self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        self._answer(b"{}")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None: ...


class EventApi(ThreadingHTTPServer):
    """Answers every event, and counts connections and requests."""

    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.connections = 0
        self.requests: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def event_api() -> Iterator[EventApi]:
    """The server while the block runs."""
    server = EventApi()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
