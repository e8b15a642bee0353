"""When two addresses are one: spelling, default ports and names of this machine do not count."""

from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104


def is_same_address(one: str, other: str) -> bool:
    """Whether two URLs lead to the same place; their queries are ignored."""
    return _canonical(one) == _canonical(other)


def _canonical(url: str) -> tuple[str, str, int | None, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # no URL at all, or a port that is none
        return ("", url, None, "")
    host = (parts.hostname or "").rstrip(".")
    shown = "localhost" if host in _THIS_MACHINE else host
    return (parts.scheme, shown, port, parts.path.rstrip("/"))
