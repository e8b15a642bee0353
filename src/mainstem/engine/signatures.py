"""Signing calls and checking keys, for servers that run with keys (cloud mode).

Inngest SDK protocol, "Signatures and keys".
"""

import hashlib
import hmac
import json
import re
from contextlib import suppress
from typing import Final

import jcs  # type: ignore[import-untyped]  # it has neither types nor stubs

_PREFIX: Final = re.compile(r"^signkey-\w+-")


def normalise(signing_key: str) -> str:
    """The key without its environment's prefix."""
    return _PREFIX.sub("", signing_key)


def sign(body: bytes, signing_key: str, *, now_seconds: int) -> str:
    """The `x-inngest-signature` of a body that is canonical JSON, or empty."""
    mac = hmac.new(normalise(signing_key).encode(), body, hashlib.sha256)
    mac.update(str(now_seconds).encode())
    return f"t={now_seconds}&s={mac.hexdigest()}"


def canonical(body: bytes) -> bytes:
    """The body in canonical JSON (RFC 8785), which is what SDKs check signatures over."""
    return bytes(jcs.canonicalize(json.loads(body))) if body else b""


def is_authorised(header: str | None, signing_key: str) -> bool:
    """Whether an `authorization` header holds the key, plain, without prefix or hashed."""
    scheme, _, token = (header or "").partition(" ")
    key = normalise(signing_key)
    accepted = [signing_key, key]
    with suppress(ValueError):  # not hexadecimal: such a key has no hashed form
        accepted.append(hashlib.sha256(bytes.fromhex(key)).hexdigest())
    given = token.strip().encode()
    return scheme.lower() == "bearer" and any(
        hmac.compare_digest(given, each.encode()) for each in accepted
    )
