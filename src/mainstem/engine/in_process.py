"""An ASGI app in this process, called as if over HTTP.

The app gets a request like any other and answers in full before the caller goes on; what it raises
becomes `AppUnreachable`, as a connection that a crashed app drops would.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from mainstem.engine.errors import AppUnreachable

_PORTS = {"http": 80, "https": 443}


async def call_in_process(
    app: Any, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (lower-case names) and body of the answer. Raises `AppUnreachable`."""
    status = 0
    told: list[tuple[bytes, bytes]] = []
    parts: list[bytes] = []
    is_sent = False

    async def receive() -> dict[str, Any]:
        nonlocal is_sent
        if is_sent:
            return {"type": "http.disconnect"}
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            told.extend(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    try:
        await app(_scope(method, url, headers, body), receive, send)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise  # the engine gives up the call
        raise AppUnreachable(url, "CancelledError: what it awaited was cancelled") from error
    except Exception as error:
        raise AppUnreachable(url, f"{type(error).__name__}: {error}") from error
    if not status:
        raise AppUnreachable(url, "it ended without an answer")
    lowered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in told}
    return status, lowered, b"".join(parts)


def _scope(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    sent = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]
    sent.append((b"host", parts.netloc.encode("latin-1")))
    sent.append((b"content-length", str(len(body)).encode()))
    path = parts.path or "/"
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": parts.query.encode("latin-1"),
        "root_path": "",
        "headers": sent,
        "client": ("127.0.0.1", 0),
        "server": (host, parts.port or _PORTS.get(parts.scheme)),
        "state": {},
    }
