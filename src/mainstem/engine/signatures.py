"""Signing calls and checking keys, for servers that run with keys (cloud mode).

Inngest SDK protocol, "Signatures and keys".
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qs

import jcs  # type: ignore[import-untyped]  # it has neither types nor stubs

_PREFIX: Final = re.compile(r"^signkey-\w+-")


def normalise(signing_key: str) -> str:
    """The key without its environment's prefix."""
    return _PREFIX.sub("", signing_key)


def sign(body: bytes, signing_key: str, *, now_seconds: int) -> str:
    """The `x-inngest-signature` of a body that is canonical JSON, or empty."""
    return f"t={now_seconds}&s={_digest(body, signing_key, str(now_seconds))}"


def is_signed(body: bytes, header: str, signing_keys: Iterable[str]) -> bool:
    """Whether a signature of these very bytes was made with one of the keys.

    The age of the signature is not looked at, as SDKs do not look at it either.
    """
    parts = parse_qs(header)
    moment, given = parts.get("t", [""])[0], parts.get("s", [""])[0]
    return any(
        hmac.compare_digest(given.encode(), _digest(body, key, moment).encode())
        for key in signing_keys
    )


def canonical(body: bytes) -> bytes:
    """The body in canonical JSON (RFC 8785), which is what SDKs check signatures over."""
    return bytes(jcs.canonicalize(json.loads(body))) if body else b""


def is_authorised(header: str | None, signing_keys: Iterable[str]) -> bool:
    """Whether an `authorization` header holds one of the keys, in any of its forms."""
    scheme, _, token = (header or "").partition(" ")
    # The prefix names an environment and is no part of the secret; some SDKs leave it on the hash.
    given = normalise(token.strip()).encode()
    return scheme.lower() == "bearer" and any(
        hmac.compare_digest(given, form.encode()) for key in signing_keys for form in _forms(key)
    )


def _forms(signing_key: str) -> list[str]:
    """A key as apps and people send it, without its prefix: plain, hashed."""
    key = normalise(signing_key)
    forms = [key]
    with suppress(ValueError):  # not hexadecimal: such a key has no hashed form
        forms.append(hashlib.sha256(bytes.fromhex(key)).hexdigest())
    return forms


def _digest(body: bytes, signing_key: str, moment: str) -> str:
    mac = hmac.new(normalise(signing_key).encode(), body, hashlib.sha256)
    mac.update(moment.encode())
    return mac.hexdigest()
