"""Credentials as the rest of this room meets them: a header to send, and a name that is no secret.

A name is a keyed hash of the secret and the server: two processes with one token share its name,
and nobody gets from the name to the token, which is random and longer than the name.
"""

from hashlib import blake2b
from typing import Final, Literal

Kind = Literal["none", "token", "installation"]

_PURPOSE: Final = b"mainstem-github"
_NAME_BYTES: Final = 12


def fingerprint(*parts: str) -> str:
    """A short name for what `parts` say together: 24 hexadecimal digits."""
    text = "\0".join(parts).encode()
    return blake2b(text, key=_PURPOSE, digest_size=_NAME_BYTES).hexdigest()
