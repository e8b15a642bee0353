"""The ids the protocol uses: ULIDs for events and runs, UUIDs for apps and functions.

A ULID is 48 bits of milliseconds and 80 bits of chance in Crockford's base 32, so that ids sort
in order of creation (https://github.com/ulid/spec). Within a millisecond ours count up.
"""

import base64
import binascii
import random
import secrets
import uuid
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_ENTROPY_BITS: Final = 80
_NAMESPACE: Final = uuid.UUID("6f1d2c0e-6a55-5b0e-9a63-0d7a5f6b7a11")


class UlidSource:
    """Gives ULIDs that rise strictly, also within a millisecond or when the clock steps back."""

    def __init__(self, seed: int | None = None) -> None:
        """With a `seed` the ids of a simulation are the same each time; nobody may guess others."""
        self._last = 0
        self._draw = secrets.randbits if seed is None else random.Random(seed).getrandbits  # noqa: S311

    def next(self, moment: int) -> str:
        """A fresh id for a moment in milliseconds."""
        fresh = (moment << _ENTROPY_BITS) | self._draw(_ENTROPY_BITS - 1)
        self._last = fresh if fresh > self._last else self._last + 1
        return _encode(self._last)

    def resume(self, last: str) -> None:
        """Go on after an id that an earlier source gave."""
        number = 0
        for letter in last:
            number = number << 5 | _ALPHABET.index(letter)
        self._last = max(self._last, number)


def seeded_ulid(seed: str, position: int) -> str | None:
    """The id of the event at a 1-based position of a request with this id seed.

    `seed` is the header's text, `{millis},{base64 of 10 bytes}`; None when it is malformed, which
    the protocol ignores. Only the entropy's last four bytes count up and they wrap without carry.
    """
    millis, comma, entropy_text = seed.partition(",")
    try:
        moment = int(millis)
        entropy = base64.b64decode(entropy_text, validate=True)
    except (ValueError, binascii.Error):
        return None
    if not comma or len(entropy) != 10 or not 0 <= moment < 1 << 48:
        return None
    counted = (int.from_bytes(entropy[6:], "big") + position) % (1 << 32)
    low = int.from_bytes(entropy[:6] + counted.to_bytes(4, "big"), "big")
    return _encode((moment << _ENTROPY_BITS) | low)


def first_ulid(moment: int) -> str:
    """The lowest id of a moment in milliseconds: ids made since then are not below it."""
    return _encode(max(0, moment) << _ENTROPY_BITS)


def app_id(name: str) -> str:
    """The id of the app of this name; the same in every sync and every file."""
    return str(uuid.uuid5(_NAMESPACE, f"app:{name}"))


def function_id(slug: str) -> str:
    """The id of the function with this slug (`{app}-{function}`); kept across syncs."""
    return str(uuid.uuid5(_NAMESPACE, f"function:{slug}"))


def _encode(number: int) -> str:
    # Two letters at a time: ids are made for every event, run and request.
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
