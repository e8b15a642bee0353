"""Keys as hashes and as signatures: two sides are compared, and spoken to, without showing a key.

Inngest SDK protocol, "Signatures and keys".
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Final

import jcs  # type: ignore[import-untyped]  # it has neither types nor stubs

from mainstem.settings import Settings, key_hash

_PREFIX: Final = re.compile(r"^signkey-\w+-")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an environment. `signing` are in the order in which they are tried."""

    signing: tuple[str, ...] = field(default=(), repr=False)
    event: str | None = field(default=None, repr=False)

    @property
    def signing_hashes(self) -> tuple[str, ...]:
        """The hashes of the signing keys, as endpoints tell theirs."""
        return tuple(key_hash("signing", key) for key in self.signing)

    @property
    def event_hash(self) -> str | None:
        """The hash of the event key, as an endpoint tells its own."""
        return None if self.event is None else key_hash("event", self.event)


def keys_of(settings: Settings) -> Keys:
    """The keys of `settings`; none in dev mode, where nobody asks for them."""
    if settings.inngest_dev:
        return Keys()
    signing = (settings.signing_key, settings.signing_key_fallback)
    event = settings.event_key
    return Keys(
        signing=tuple(key.get_secret_value() for key in signing if key is not None),
        event=None if event is None else event.get_secret_value(),
    )


def signed(body: bytes, key: str, *, now_seconds: int) -> dict[str, str]:
    """The header that signs `body` (JSON or empty) with `key`, as a server would."""
    canonical = bytes(jcs.canonicalize(json.loads(body))) if body else b""
    mac = hmac.new(_PREFIX.sub("", key).encode(), canonical, hashlib.sha256)
    mac.update(str(now_seconds).encode())
    return {"x-inngest-signature": f"t={now_seconds}&s={mac.hexdigest()}"}


def is_signed(content: bytes, header: str, key: str) -> bool:
    """Whether `header` is the signature with `key` of an answer that is `content`, to the byte."""
    told = dict(part.partition("=")[::2] for part in header.split("&"))
    mac = hmac.new(_PREFIX.sub("", key).encode(), content, hashlib.sha256)
    mac.update(told.get("t", "").encode())
    return hmac.compare_digest(mac.hexdigest(), told.get("s", ""))


def bearer(key: str) -> dict[str, str]:
    """The header that shows `key` to a server's API: its hash."""
    return {"authorization": f"Bearer {key_hash('signing', key)}"}
