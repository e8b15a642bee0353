"""Credentials as the rest of this room meets them: a header to send, and a name that is no secret.

A name is a keyed hash of the secret and the server: two processes with one token share its name,
and nobody gets from the name to the token, which is random and longer than the name.
"""

from hashlib import blake2b
from typing import Final, Literal, Protocol

Kind = Literal["none", "token", "app", "installation"]

_PURPOSE: Final = b"mainstem-github"
_NAME_BYTES: Final = 12


def fingerprint(*parts: str) -> str:
    """A short name for what `parts` say together: 24 hexadecimal digits."""
    text = "\0".join(parts).encode()
    return blake2b(text, key=_PURPOSE, digest_size=_NAME_BYTES).hexdigest()


class Credential(Protocol):
    """Somebody whom GitHub knows, with budgets of its own.

    `name` is the fingerprint, the same in every process. `label` says in words which one it is.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def label(self) -> str: ...

    async def authorization(self) -> str | None:
        """The header to send now; None to send none. May ask GitHub for a token."""

    def renew(self, authorization: str | None, /) -> bool:
        """GitHub did not take `authorization`: whether the next one will be another."""


class Token:
    """A token that somebody made: a personal one, or an OAuth app's."""

    kind: Kind = "token"

    def __init__(self, base: str, token: str, *, label: str = "the token") -> None:
        self.name = fingerprint(base, token)
        self.label = label
        self._token = token

    def __repr__(self) -> str:
        return f"Token({self.name})"

    async def authorization(self) -> str | None:
        return f"Bearer {self._token}"

    def renew(self, _authorization: str | None, /) -> bool:
        return False


class Anonymous:
    """Nobody: 60 requests an hour for the address that asks, and REST alone."""

    kind: Kind = "none"
    label = "no token"

    def __init__(self, base: str) -> None:
        self.name = fingerprint(base, "")

    def __repr__(self) -> str:
        return "Anonymous()"

    async def authorization(self) -> str | None:
        return None

    def renew(self, _authorization: str | None, /) -> bool:
        return False
