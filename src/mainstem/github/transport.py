"""One request, until it is answered or given up: send, judge, wait, try again.

The only module that touches the network, the clock and the dice. What an answer means, whether to
try again and how long to wait is decided elsewhere, over values.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import Any, Final

import httpx

from .addresses import clean_base, follow, graphql_url
from .answers import Answer, Circumstances, budget_spent, not_followed, too_fast, verdict
from .conditional import EtagCache, MemoryValidators, Validators, condition
from .credentials import fingerprint
from .errors import RequestFailed, SecondaryLimited, Unreachable
from .ledger import Api, Ledger
from .limits import clock_skew, reading_of
from .retries import RetryPolicy, Tries, next_pause

Judge = Callable[[Answer, Circumstances], RequestFailed | None]
Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]

_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 307, 308})

# GitHub allows 100 at once, but counts the time it computes: one GraphQL request at a time already
# uses that allowance up, and a few REST requests are safe.
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
REST_AT_ONCE: Final = 4
GRAPHQL_AT_ONCE: Final = 1


def utc_now() -> datetime:
    """The machine's clock, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `what` it is for in words, and how its answer is judged.

    `points` is what it is expected to cost. `poll_of` is set where an answer is of use only if it
    is another than the one stored: the address whose validator is sent along.
    """

    api: Api
    url: str
    what: str
    judge: Judge
    payload: Mapping[str, Any] | None = None
    points: int = 1
    poll_of: str | None = None

    @property
    def resource(self) -> str:
        return "graphql" if self.api == "graphql" else "core"


class Transport:
    """Sends requests for one credential to one GitHub, within its limits.

    Invariants: the token goes to the origin of `base` only; after a limit nothing is sent before
    its time, by whichever task. Closing twice is harmless; a client that was handed in stays open.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str | None,
        http: httpx.AsyncClient | None,
        timeout: timedelta,
        policy: RetryPolicy,
        ledger: Ledger,
        clock: Clock,
        sleep: Sleep,
        roll: Callable[[], float] | None = None,
        validators: Validators | None = None,
    ) -> None:
        self.base = clean_base(base_url)
        self._credential = fingerprint(self.base, token or "")
        self._validators = validators if validators is not None else MemoryValidators()
        self.graphql_url = graphql_url(self.base)
        self.ledger = ledger
        self._headers = _headers(token)
        self._owned = http is None
        # The environment is not consulted: a .netrc would add a credential of its own.
        self._http = http if http is not None else httpx.AsyncClient(trust_env=False)
        self._timeout_s = timeout.total_seconds()
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._roll = roll if roll is not None else SystemRandom().random
        self._skew = timedelta(0)
        self._quiet_until: datetime | None = None
        self._etags = EtagCache()
        self._slots = {
            "rest": asyncio.Semaphore(REST_AT_ONCE),
            "graphql": asyncio.Semaphore(GRAPHQL_AT_ONCE),
        }

    async def aclose(self) -> None:
        """Close the connections, if they are ours."""
        if self._owned:
            await self._http.aclose()

    def server_now(self) -> datetime:
        """GitHub's time: the local clock less what the last answers showed it to be ahead."""
        return self._clock() - self._skew

    async def get(self, path: str, *, what: str, fine: tuple[int, ...] = (200,)) -> Answer:
        """GET `path` below the base, following redirects on the same origin.

        Raises `RequestFailed` in its kinds; an answer that comes back has a status of `fine`.
        """
        return await self._followed(self.base + path, what, fine, poll_of=None)

    async def poll(self, path: str, *, what: str) -> Answer | None:
        """GET `path` if it is another than the one last accepted; None if it is the same."""
        url = self.base + path
        answer = await self._followed(url, what, (200, 304), poll_of=url)
        return None if answer.status == 304 else answer

    async def accept(self, path: str) -> None:
        """Every answer to a poll below `path` so far is stored."""
        await self._validators.accept(self.base + path)

    async def _followed(
        self, url: str, what: str, fine: tuple[int, ...], *, poll_of: str | None
    ) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            ask = Ask("rest", url, what, _rest_judge(fine), poll_of=poll_of)
            answer = await self.send(ask)
            if answer.status in fine:
                return answer
            location = answer.headers.get("location")
            target = follow(self.base, url, location) if location else None
            if target is None:
                raise not_followed(what, answer.status, location, "another server")
            url = target
        raise not_followed(what, answer.status, url, "too many redirects")

    async def send(self, ask: Ask) -> Answer:
        """The answer that `ask.judge` has nothing against, after as many tries as are due."""
        async with self._slots[ask.api]:
            tries = Tries()
            while True:
                try:
                    return await self._try(ask, tries)
                except RequestFailed as error:
                    tries = tries.after(error)
                    pause = next_pause(error, tries, self._policy, roll=self._roll())
                    if pause is None:
                        raise
                await self._pause(pause)

    async def _try(self, ask: Ask, tries: Tries) -> Answer:
        self._refuse_while_limited(ask)
        if tries != Tries():
            self.ledger.retried()
        try:
            answer = await self._exchange(ask)
        except (httpx.TransportError, TimeoutError) as trouble:
            raise _unreachable(ask, trouble, self._timeout_s) from trouble
        error = ask.judge(answer, Circumstances(ask.what, self.server_now(), tries.limited))
        if isinstance(error, SecondaryLimited):
            self._quiet_until = self.server_now() + error.retry_after
        if error is not None:
            raise error
        return answer

    def _refuse_while_limited(self, ask: Ask) -> None:
        # Another task may have met the limit. Going on regardless can get a token banned.
        now = self.server_now()
        if self._quiet_until is not None and self._quiet_until > now:
            raise too_fast(ask.what, self._quiet_until - now)
        until = self.ledger.spent_until(ask.resource, now=now)
        if until is not None:
            raise budget_spent(ask.what, ask.resource, now=now, resets_at=until)

    async def _exchange(self, ask: Ask) -> Answer:
        headers = dict(self._headers)
        held = None if ask.poll_of else self._etags.held(ask.url)
        if held is not None:
            headers["If-None-Match"] = held.headers["etag"]
        if ask.poll_of:
            known = await self._validators.known(self._credential, ask.poll_of)
            headers |= condition(known)
        self.ledger.sent(ask.api)
        # httpx's own time-outs are per phase; a body that trickles in would outlast them all.
        async with asyncio.timeout(self._timeout_s):
            response = await self._http.request(
                "GET" if ask.payload is None else "POST",
                ask.url,
                headers=headers,
                json=ask.payload,
                timeout=self._timeout_s,
                follow_redirects=False,
            )
        answer = Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            content=response.content,
            url=ask.url,
        )
        self._note(ask, answer)
        if ask.poll_of:
            await self._offer(ask.poll_of, answer)
        elif ask.api == "rest":
            self._etags.hold(ask.url, answer)
        return held if held is not None and answer.status == 304 else answer

    async def _offer(self, url: str, answer: Answer) -> None:
        validator = (answer.headers.get("etag"), answer.headers.get("last-modified"))
        if answer.status == 200 and any(validator):
            await self._validators.offer(self._credential, url, validator)

    def _note(self, ask: Ask, answer: Answer) -> None:
        if answer.status == 304:
            self.ledger.unchanged()
        reading = reading_of(answer.headers, resource=ask.resource)
        if reading is not None:
            self.ledger.read(reading)
        skew = clock_skew(answer.headers, now=self._clock())
        if skew is not None:
            self._skew = skew

    async def _pause(self, pause: timedelta) -> None:
        self.ledger.waited(pause)
        await self._sleep(pause.total_seconds())


def _headers(token: str | None) -> dict[str, str]:
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "X-Github-Next-Global-ID": "1",
        "User-Agent": "mainstem",
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return headers


def _rest_judge(fine: tuple[int, ...]) -> Judge:
    passed = frozenset(fine) | _REDIRECTS

    def judge(answer: Answer, asked: Circumstances) -> RequestFailed | None:
        return verdict(answer, asked, fine=passed)

    return judge


def _unreachable(ask: Ask, trouble: Exception, timeout_s: float) -> Unreachable:
    late = isinstance(trouble, TimeoutError | httpx.TimeoutException)
    found = f"no answer within {timeout_s:g} s" if late else f"the connection failed ({trouble})"
    return Unreachable(
        ask.what, found, "Check the network and the base URL, or try again in some minutes."
    )
