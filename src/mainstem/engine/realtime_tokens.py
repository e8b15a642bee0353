"""Tokens of realtime: a JWT that names the topics its bearer may listen to, for a minute.

The app asks for one with its key and hands it on, to a browser say, which has no key. The claims
are those of Inngest's server (`iss`, `iat`, `exp`, `jti`, `topics`), signed with HMAC-SHA256 (RFC
7519) and a secret that never leaves the process.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from mainstem.engine.parsing import read_json

Json = Any
LIFETIME_SECONDS: Final = 60
_ISSUER: Final = "rt.inngest.com"
_HEADER: Final = {"alg": "HS256", "typ": "JWT"}


class Topic(NamedTuple):
    """What is published to and listened to: a name within a channel."""

    channel: str
    name: str


def make_token(secret: bytes, topics: Iterable[Topic], *, now: int) -> str:
    """A token for these topics, good for `LIFETIME_SECONDS` from `now` (milliseconds)."""
    issued = now // 1000
    claims = {
        "iss": _ISSUER,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
        "jti": secrets.token_hex(8),
        "topics": [{"kind": "run", **topic._asdict()} for topic in topics],
        "publish": False,
    }
    signed = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_encode(_sign(secret, signed))}"


def read_token(secret: bytes, token: str, *, now: int) -> frozenset[Topic] | None:
    """The topics of a token that this secret signed and whose time is not over, else None."""
    signed, _, signature = token.rpartition(".")
    try:
        header, claims = (read_json(_decode(part)) for part in signed.split("."))
        is_genuine = hmac.compare_digest(_decode(signature), _sign(secret, signed))
        if header.get("alg") != "HS256" or not is_genuine or claims["exp"] * 1000 <= now:
            return None
        return frozenset(Topic(each["channel"], each["name"]) for each in claims["topics"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _sign(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(), hashlib.sha256)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
