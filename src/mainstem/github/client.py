"""`GitHub`: one client for one credential, with both APIs behind typed calls."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Final

import httpx

from .conditional import Validators
from .events_feed import FeedCalls
from .graphql import GraphQLCalls
from .ledger import Ledger
from .polls import PollCalls
from .retries import RetryPolicy
from .transport import Clock, Sleep, Transport, utc_now

GITHUB_COM: Final = "https://api.github.com"
TIMEOUT: Final = timedelta(seconds=15)


class GitHub(PollCalls, GraphQLCalls, FeedCalls):
    """Asks one GitHub with one credential, within its limits; `ledger` says what it cost.

    `base_url` is the REST address: `https://api.github.com`, an Enterprise Server's
    `https://HOST/api/v3`, or any server that speaks the same API. Each request ends within
    `timeout` and is tried again as `policy` allows; a limit that lasts longer than
    `policy.max_wait` is raised, so that the caller can sleep without holding a process. `http` is
    for those who bring their own connections (a proxy, a certificate); whoever brings them closes
    them. `clock`, `sleep` and `roll` (a die of [0, 1)) are there to be steered in tests.

    A context manager; closing twice is harmless. Raises ValueError for a base URL that is none.
    """

    def __init__(
        self,
        *,
        base_url: str = GITHUB_COM,
        token: str | None = None,
        http: httpx.AsyncClient | None = None,
        timeout: timedelta = TIMEOUT,
        policy: RetryPolicy | None = None,
        clock: Clock = utc_now,
        sleep: Sleep = asyncio.sleep,
        roll: Callable[[], float] | None = None,
        validators: Validators | None = None,
    ) -> None:
        self.ledger = Ledger()
        self._transport = Transport(
            base_url=base_url,
            token=token,
            http=http,
            timeout=timeout,
            policy=policy if policy is not None else RetryPolicy(),
            ledger=self.ledger,
            clock=clock,
            sleep=sleep,
            roll=roll,
            validators=validators,
        )

    def __repr__(self) -> str:
        return f"GitHub(base_url={self._transport.base!r})"

    @property
    def base_url(self) -> str:
        """Where REST requests go."""
        return self._transport.base

    async def __aenter__(self) -> "GitHub":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, unless they were handed in."""
        await self._transport.aclose()
