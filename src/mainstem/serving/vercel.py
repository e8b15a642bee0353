"""Serving from Vercel's Python runtime: `app = vercel.app(catalog)` in `api/inngest.py`.

Vercel ends the connection before the function, so the origin under which Inngest knows it stands
in the forwarded headers, unless the settings name one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import Unpack

from mainstem.catalog import Catalog
from mainstem.serving.asgi import InngestApp, app_of
from mainstem.serving.options import Options

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

S = TypeVar("S")


class _AsForwarded:
    """Serves the app under the scheme and the host that the caller used."""

    def __init__(self, app: InngestApp) -> None:
        self.endpoint = app.endpoint
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = _as_forwarded(scope)
        await self._app(scope, receive, send)


def app(catalog: Catalog[S], services: S | None = None, **options: Unpack[Options]) -> ASGIApp:
    """The ASGI app that serves `catalog`. Raises what `endpoint_for` raises.

    `old`, where it is called instead, has to give an ASGI app too.
    """
    inngest_app = app_of(catalog, services, options, adapter="vercel")
    if inngest_app.endpoint.old is not None:
        old: ASGIApp = inngest_app.endpoint.old()
        return old
    return _AsForwarded(inngest_app)


def _as_forwarded(scope: Scope) -> dict[str, Any]:
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    named = {name.lower(): value for name, value in headers}
    changed = dict(scope)
    if scheme := _first(named.get(b"x-forwarded-proto", b"")):
        changed["scheme"] = scheme.decode("latin-1")
    if host := _first(named.get(b"x-forwarded-host", b"")):
        kept = [(name, value) for name, value in headers if name.lower() != b"host"]
        changed["headers"] = [(b"host", host), *kept]
    return changed


def _first(value: bytes) -> bytes:
    """The first of several values: the one of the proxy nearest to the caller."""
    return value.split(b",")[0].strip()
