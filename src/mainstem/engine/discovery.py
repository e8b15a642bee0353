"""Apps that nobody named: looked for where SDKs are usually served on this machine.

The ports and paths are those of Inngest's dev server. Only this machine's loopback address is
asked, and gently: a closed port costs one refused connection, a port of something else is left
alone for a growing number of rounds, and one whose app is known is not asked at all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = (
    *(80, 443),
    *range(3000, 3011),  # Express, Next, Nuxt, Rails
    5000,  # Flask
    5173,  # Vite
    *(8000, 8080, 8081, 8888),
    *range(8910, 8916),  # Redwood
)
PATHS: Final = (
    "/api/inngest",
    "/x/inngest",
    "/.netlify/functions/inngest",
    "/.redwood/functions/inngest",
)
_CONNECT_SECONDS: Final = 0.5
# Rounds between two looks at a port of something else: 1, 2, 4, and then always 8.
_MAX_ROUNDS: Final = 8

IsSdkAt = Callable[[str], Awaitable[bool]]


@dataclass(slots=True)
class _Quiet:
    """A port that is open and has no app: how long to leave it alone, and for how long still."""

    rounds: int
    left: int


class Scout:
    """Looks for apps, round by round."""

    def __init__(
        self, is_sdk_at: IsSdkAt, ports: Sequence[int] = PORTS, paths: Sequence[str] = PATHS
    ) -> None:
        self._is_sdk_at = is_sdk_at
        self._ports = ports
        self._paths = paths
        self._quiet: dict[int, _Quiet] = {}

    async def look(self, known: Iterable[str]) -> list[str]:
        """The addresses found in this round, one a port; none on the ports of `known` ones."""
        taken = {_port(url) for url in known}
        asked = [port for port in self._ports if port not in taken]
        are_open = await asyncio.gather(*map(_is_open, asked))
        for port, is_open in zip(asked, are_open, strict=True):
            if not is_open:
                self._quiet.pop(port, None)
        due = [
            port for port, it_is in zip(asked, are_open, strict=True) if it_is and self._due(port)
        ]
        found = await asyncio.gather(*map(self._app_at, due))
        return [url for url in found if url is not None]

    def _due(self, port: int) -> bool:
        quiet = self._quiet.get(port)
        if quiet is None or quiet.left == 0:
            return True
        quiet.left -= 1
        return False

    async def _app_at(self, port: int) -> str | None:
        # One after the other: it is somebody's development server, which may have one thread.
        for path in self._paths:
            url = f"http://127.0.0.1:{port}{path}"
            if await self._is_sdk_at(url):
                self._quiet.pop(port, None)
                return url
        last = self._quiet.get(port)
        rounds = min(last.rounds * 2, _MAX_ROUNDS) if last else 1
        self._quiet[port] = _Quiet(rounds, left=rounds)
        return None


async def _is_open(port: int) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
