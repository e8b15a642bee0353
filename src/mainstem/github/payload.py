"""Reading JSON at the border: a typed look at each key, and an error that names a bad one.

`Fields` wraps one JSON object together with the words that say which object it is. The accessors
come in three strengths: `text("k")` insists, `text_or_none("k")` takes null or a missing key, and
`maybe(read, "k")` gives `UNSET` when the key is missing.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from .errors import BadAnswer
from .values import UNSET, Unset

T = TypeVar("T")

_NAMES = {dict: "an object", list: "a list", str: "text", bool: "a truth value", int: "a number"}


def bad_shape(where: str, found: object, expected: str) -> BadAnswer:
    """The error for a value of the wrong shape; it shows the value's type, not the value."""
    shown = "null" if found is None else _NAMES.get(type(found), type(found).__name__)
    return BadAnswer(
        where,
        f"found {shown}, expected {expected}",
        "Check that the base URL points at GitHub's API; if it does, please report this answer.",
    )


def moment(text: str) -> datetime:
    """An aware UTC time from GitHub's `2024-05-06T07:08:09Z`. Raises ValueError for other text.

    >>> moment("2024-05-06T07:08:09Z").isoformat()
    '2024-05-06T07:08:09+00:00'
    """
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def stamp(time: datetime | None) -> str | None:
    """`moment` the other way, for arguments; None stays None. Fractions of a second are cut off.

    >>> stamp(moment("2024-05-06T09:08:09+02:00"))
    '2024-05-06T07:08:09Z'
    """
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Fields:
    """One JSON object and what it is (`about`), for the errors' sake. Reading changes nothing."""

    __slots__ = ("_of", "about")

    def __init__(self, value: object, about: str) -> None:
        if not isinstance(value, Mapping):
            raise bad_shape(about, value, "an object")
        self._of: Mapping[str, Any] = value
        self.about = about

    def __contains__(self, key: str) -> bool:
        return key in self._of

    def _wrong(self, key: str, expected: str) -> BadAnswer:
        return bad_shape(f"'{key}' of {self.about}", self._of.get(key), expected)

    def renamed(self, about: str) -> "Fields":
        """The same object under better words, once its number is known."""
        return Fields(self._of, about)

    def raw(self, key: str) -> Any:
        """The value as it came, None when missing."""
        return self._of.get(key)

    def text(self, key: str) -> str:
        value = self._of.get(key)
        if not isinstance(value, str):
            raise self._wrong(key, "text")
        return value

    def text_or_none(self, key: str) -> str | None:
        return None if self._of.get(key) is None else self.text(key)

    def text_or_empty(self, key: str) -> str:
        return self.text_or_none(key) or ""

    def filled_text(self, key: str) -> str | None:
        """None for null and for empty text alike."""
        return self.text_or_none(key) or None

    def number(self, key: str) -> int:
        value = self._of.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(key, "a whole number")
        return value

    def number_or_none(self, key: str) -> int | None:
        return None if self._of.get(key) is None else self.number(key)

    def big_number(self, key: str) -> int:
        """GraphQL's `BigInt`: an id of up to 64 bits that arrives as text."""
        value = self._of.get(key)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        return self.number(key)

    def big_number_or_none(self, key: str) -> int | None:
        return None if self._of.get(key) is None else self.big_number(key)

    def flag(self, key: str) -> bool:
        value = self._of.get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def flag_or_none(self, key: str) -> bool | None:
        return None if self._of.get(key) is None else self.flag(key)

    def time(self, key: str) -> datetime:
        try:
            return moment(self.text(key))
        except ValueError as error:
            raise self._wrong(key, "a time such as 2024-05-06T07:08:09Z") from error

    def time_or_none(self, key: str) -> datetime | None:
        return None if self._of.get(key) is None else self.time(key)

    def child(self, key: str) -> "Fields":
        return Fields(self._of.get(key), f"'{key}' of {self.about}")

    def child_or_none(self, key: str) -> "Fields | None":
        return None if self._of.get(key) is None else self.child(key)

    def items(self, key: str) -> list[Any]:
        value = self._of.get(key)
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        return value

    def children(self, key: str) -> Iterator["Fields"]:
        for at, item in enumerate(self.items(key)):
            yield Fields(item, f"item {at} of '{key}' of {self.about}")

    def maybe(self, read: Callable[[str], T], key: str) -> T | Unset:
        """`read(key)`, or `UNSET` when the answer does not have the key at all."""
        return read(key) if key in self._of else UNSET


def rows(value: object, about: str) -> list[Fields]:
    """The objects of a JSON list; raises `BadAnswer` for anything else."""
    if not isinstance(value, list):
        raise bad_shape(about, value, "a list")
    return [Fields(item, f"item {at} of {about}") for at, item in enumerate(value)]
