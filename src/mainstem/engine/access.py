"""Who may use the engine's HTTP API: this machine, whoever has the token, no foreign web page.

On loopback there is no token, so the browser is the way in: a page of any site can send requests to
127.0.0.1, and a name whose address is changed to 127.0.0.1 (DNS rebinding) makes it read answers
too. Both show in headers that a page cannot choose: `Origin` and `Host`.
"""

import hmac
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mainstem.engine.errors import EngineError
from mainstem.engine.options import EngineOptions
from mainstem.engine.responses import problem_response
from mainstem.engine.signatures import is_authorised

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY_VIOLATION: Final = 1008


def check_exposure(host: str, options: EngineOptions) -> None:
    """Raise `EngineError` when the engine would listen for others and let everybody in.

    `host` is the address that the server is to be bound to.
    """
    if is_loopback(host) or options.api_token or options.signing_key:
        return
    raise EngineError(
        f"Cannot start the engine on {host!r}: whoever reaches that address could read and change"
        " every run. Give it a token for its API (`--api-token`, or `api_token` of its options),"
        " make it a cloud-mode server (`--signing-key`, or `--cloud` with INNGEST_SIGNING_KEY), or"
        " bind it to 127.0.0.1."
    )


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def refused_entry(scope: Scope, headers: Mapping[str, str], options: EngineOptions) -> str | None:
    """Why this request may not ask what people ask, or None if it may.

    With a token or a signing key the bearer decides. Without one the name in `Host` must be one
    that can only lead here.
    """
    keys = options.signing_keys
    if options.api_token or keys:
        authorization = headers.get("authorization")
        if _has_token(authorization, options.api_token) or is_authorised(authorization, keys):
            return None
        return "Authentication failed: send `Authorization: Bearer <token>` with the API's token"
    host = _name(headers.get("host", ""))
    if _is_ours(host, scope, options):
        return None
    return (
        f"This engine does not answer to the name {host!r}, only to those of this machine. Use"
        " 127.0.0.1, or start it with a token (`api_token`) or with that name in `allowed_hosts`"
    )


def refused_origin(scope: Scope, origin: str, host: str, options: EngineOptions) -> str | None:
    """Why a page of this origin may not change anything, or None if it may.

    `host` is the request's own header, which counts as ours when a token guards the API: then the
    engine may stand behind a proxy.
    """
    page = urlsplit(origin).hostname or ""  # `null`, the origin of a sandboxed page, has none
    if _is_ours(page, scope, options):
        return None
    if page and (options.api_token or options.signing_keys) and page == _name(host):
        return None
    return f"A page of {origin!r} may not change anything in this engine"


class Guard:
    """Keeps requests of foreign web pages from changing anything, on every door."""

    def __init__(self, app: ASGIApp, options: EngineOptions) -> None:
        self._app = app
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_socket = scope["type"] == "websocket"
        if not is_socket and (scope["type"] != "http" or scope["method"] in _READING):
            await self._app(scope, receive, send)
            return
        origin = _header(scope, b"origin")
        if origin is None:  # no browser: apps, SDKs, command lines
            await self._app(scope, receive, send)
            return
        problem = refused_origin(scope, origin, _header(scope, b"host") or "", self._options)
        if problem is None:
            await self._app(scope, receive, send)
        elif is_socket:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
        else:
            await problem_response(problem, 403)(scope, receive, send)


def refusal(problem: str, options: EngineOptions) -> Response:
    """The answer to who may not ask: 401 where a key would help, else 403."""
    is_keyed = bool(options.api_token or options.signing_keys)
    response = problem_response(problem, 401 if is_keyed else 403)
    if is_keyed:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _is_ours(name: str, scope: Scope, options: EngineOptions) -> bool:
    if not name:
        return False
    # What the server is bound to, told by the server itself: no header can change it.
    bound = (scope.get("server") or ("",))[0]
    configured: Iterable[str] = (bound, options.host, *options.allowed_hosts)
    return is_loopback(name) or name.lower() in {each.lower() for each in configured if each}


def _has_token(authorization: str | None, token: str | None) -> bool:
    scheme, _, given = (authorization or "").partition(" ")
    return (
        token is not None
        and scheme.lower() == "bearer"
        and hmac.compare_digest(given.strip().encode(), token.encode())
    )


def _name(host: str) -> str:
    """The name in a `Host` header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None
