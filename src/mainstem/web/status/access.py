"""Who may read the page, and what its answers tell browsers not to do.

With a token it asks for it: as `Authorization: Bearer`, or once in a form, which leaves a cookie
that scripts cannot read and that does not hold the token itself. Without a token the page is for
this machine alone; then it answers only under this machine's own names, so that no web site can
have a browser read it under a name of the site's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.requests import Request

from mainstem.web.status.options import is_loopback

COOKIE: Final = "mainstem_status"
COOKIE_AGE_S: Final = 12 * 60 * 60

HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def is_allowed(request: Request, token: SecretStr | None) -> bool:
    """Whether whoever sent `request` may read."""
    if token is None:
        return is_loopback(_host(request))
    return _shows_token(request, token) or _shows_cookie(request, token)


def is_token(given: str, token: SecretStr) -> bool:
    """Whether `given` is the token, in a time that does not tell how nearly."""
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())


def cookie_for(token: SecretStr) -> str:
    """What the cookie holds: made from the token, and not to be turned back."""
    key = token.get_secret_value().encode()
    return hmac.new(key, b"mainstem status page", hashlib.sha256).hexdigest()


def _shows_token(request: Request, token: SecretStr) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and is_token(given.strip(), token)


def _shows_cookie(request: Request, token: SecretStr) -> bool:
    given = request.cookies.get(COOKIE, "")
    return hmac.compare_digest(given.encode(), cookie_for(token).encode())


def _host(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
