"""The log of what was served to whom: enough to debug a registration from it alone.

The answer to a sync is read as it passes; it goes on its way untouched, byte for byte. An endpoint
of the original answered syncs itself and so kept the server from ever seeing its functions (domain
reference, section 9, 2025-09-21), which is why nothing here may answer, delay or change anything.
"""

from __future__ import annotations

import json
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.stdlib.get_logger("mainstem.web")

# A sync's answer is a few hundred bytes, or the configurations of all functions when in band.
_KEPT_BYTES = 64 * 1024


class RegistrationLog:
    """ASGI middleware that logs every sync of the endpoint at `path` with the answer it got.

    `served` is what the line says about us: environment, app id, origins. A sync is logged as a
    warning when the server refused it, also where the SDK answers 200 with its error inside.
    """

    def __init__(self, app: ASGIApp, *, path: str, served: dict[str, Any]) -> None:
        self.app = app
        self.path = path
        self.served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or scope["path"] != self.path:
            await self.app(scope, receive, send)
            return
        answer = _Answer()

        async def passing(message: Message) -> None:
            answer.see(message)
            await send(message)

        await self.app(scope, receive, passing)
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        facts = {
            **self.served,
            "asked_by": headers.get(b"user-agent", "unknown"),
            "server_kind": headers.get(b"x-inngest-server-kind", "unknown"),
            "sync_kind": answer.sync_kind,
            "status": answer.status,
            "answer": answer.told(),
        }
        if answer.was_refused():
            log.warning("sync refused", **facts)
        else:
            log.info("sync answered", **facts)


class _Answer:
    """What went by: status, kind of sync, and the beginning of the body."""

    def __init__(self) -> None:
        self.status = 0
        self.sync_kind = "unknown"
        self._body = bytearray()

    def see(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message.get("headers", ()):
                if name.lower() == b"x-inngest-sync-kind":
                    self.sync_kind = value.decode("latin-1")
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")[: _KEPT_BYTES - len(self._body)]

    def told(self) -> dict[str, Any]:
        """The answer without the long and the confidential: counts for lists, no key hashes."""
        body = self._json()
        body.pop("inspection", None)
        if isinstance(functions := body.get("functions"), list):
            body["functions"] = len(functions)
        return body

    def was_refused(self) -> bool:
        return self.status >= 400 or "error" in self._json()

    def _json(self) -> dict[str, Any]:
        try:
            body = json.loads(self._body)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {"value": body}
