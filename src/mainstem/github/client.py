"""`GitHub`: one client for one server, with both APIs behind typed calls."""

import asyncio
from collections.abc import Callable, Sequence
from copy import copy
from datetime import timedelta
from types import TracebackType
from typing import Final

import httpx

from .apps import AppKey
from .budget_keeper import BudgetStore
from .changes import ChangeCalls
from .conditional import Validators
from .discussions import DiscussionCalls
from .events_feed import FeedCalls
from .hook_deliveries import HookCalls
from .ledger import Ledger
from .polls import PollCalls
from .priorities import Priority
from .retries import RetryPolicy
from .transport import Sleep, Transport
from .widths import Answered
from .wire import Clock, utc_now

GITHUB_COM: Final = "https://api.github.com"
TIMEOUT: Final = timedelta(seconds=15)


class GitHub(PollCalls, ChangeCalls, FeedCalls, HookCalls, DiscussionCalls):
    """Asks one GitHub within its limits; `ledger` says what it cost.

    `has_token` is whether there is a token beside the App, or instead of it: which private
    repositories that sees, only GitHub knows.

    Requests are signed with `token` (or one of `tokens`, the one with the most room), or as the
    `app` installed on the repository; without any of them there are 60 requests an hour, and no
    GraphQL. `budgets` and `validators` are where budgets and validators of polls are shared with
    other processes; in memory by default. `paced` is whether GitHub's limits by the minute are kept
    and a low budget is spread out: by default everywhere but on a server of this machine, which is
    a pretend one.

    `base_url` is the REST address: `https://api.github.com`, an Enterprise Server's
    `https://HOST/api/v3`, or any server that speaks the same API. Each request ends within
    `timeout` and is tried again as `policy` allows; a limit that lasts longer than
    `policy.max_wait` is raised, so that the caller can sleep without holding a process. `proxy` is
    an address for httpx. `http` is for those who bring their own connections (a certificate);
    whoever brings them closes them. `clock`, `sleep` and `roll` (a die of [0, 1)) are there to be
    steered in tests.

    A context manager; closing twice is harmless. Raises ValueError for a base URL that is none.
    """

    def __init__(
        self,
        *,
        base_url: str = GITHUB_COM,
        token: str | None = None,
        tokens: Sequence[str] = (),
        app: AppKey | None = None,
        proxy: str | None = None,
        http: httpx.AsyncClient | None = None,
        timeout: timedelta = TIMEOUT,
        policy: RetryPolicy | None = None,
        clock: Clock = utc_now,
        sleep: Sleep = asyncio.sleep,
        roll: Callable[[], float] | None = None,
        budgets: BudgetStore | None = None,
        validators: Validators | None = None,
        paced: bool | None = None,
    ) -> None:
        self.ledger = Ledger()
        self._answered = Answered()
        signing = list(dict.fromkeys(filter(None, [token, *tokens])))
        self.has_token = bool(signing)
        self._transport = Transport(
            base_url=base_url,
            tokens=signing,
            app=app,
            proxy=proxy,
            http=http,
            timeout=timeout,
            policy=policy if policy is not None else RetryPolicy(),
            ledger=self.ledger,
            clock=clock,
            sleep=sleep,
            roll=roll,
            budgets=budgets,
            validators=validators,
            paced=paced,
        )

    def __repr__(self) -> str:
        return f"GitHub(base_url={self._transport.base!r})"

    @property
    def base_url(self) -> str:
        """Where REST requests go."""
        return self._transport.base

    @property
    def is_anonymous(self) -> bool:
        """Whether there is no credential: GitHub itself then answers no GraphQL."""
        return self._transport.is_anonymous

    def with_priority(self, priority: Priority) -> "GitHub":
        """This client for work of another urgency: the same connections, budgets and ledger.

        "interactive" goes first and may spend the last tenth of a budget; "backfill" goes last.
        Close the client itself, not a view of it.
        """
        view = copy(self)
        view._transport = self._transport.with_priority(priority)  # noqa: SLF001  a copy of itself
        return view

    def for_repository(self, owner: str, name: str) -> "GitHub":
        """This client for requests by node id alone, which belong to that repository.

        They do not say themselves whose credential they need. Close the client itself.
        """
        view = copy(self)
        view._transport = self._transport.for_repository(owner, name)  # noqa: SLF001  as above
        return view

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
