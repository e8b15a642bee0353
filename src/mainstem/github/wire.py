"""One exchange with GitHub: a request out, an answer in, and what the answer tells beside it.

The only module that touches the network. It knows nothing of limits and tries nothing again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from .answers import Answer
from .asks import Ask
from .budget_keeper import BudgetKeeper
from .conditional import EtagCache, Validators, condition
from .credentials import Credential
from .errors import Unreachable
from .ledger import Ledger
from .limits import clock_skew, is_jump, reading_of, smoothed
from .values import Offer

Clock = Callable[[], datetime]

_HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "X-Github-Next-Global-ID": "1",
    "User-Agent": "mainstem",
}


def utc_now() -> datetime:
    """The machine's clock, aware."""
    return datetime.now(UTC)


class Wire:
    """The connections of one client, the answers it keeps, and GitHub's time as it shows itself.

    Closing twice is harmless; a client that was handed in stays open.
    """

    def __init__(
        self,
        *,
        http: httpx.AsyncClient | None,
        proxy: str | None,
        timeout: timedelta,
        clock: Clock,
        ledger: Ledger,
        keeper: BudgetKeeper,
        validators: Validators,
    ) -> None:
        self._owned = http is None
        # The environment is not consulted: a .netrc would add a credential of its own.
        self._http = http if http is not None else httpx.AsyncClient(trust_env=False, proxy=proxy)
        self._timeout_s = timeout.total_seconds()
        self._clock = clock
        self._skew: timedelta | None = None
        self._ledger = ledger
        self._keeper = keeper
        self._validators = validators
        self._etags: dict[str, EtagCache] = defaultdict(EtagCache)

    async def aclose(self) -> None:
        """Close the connections, if they are ours."""
        if self._owned:
            await self._http.aclose()

    def server_now(self) -> datetime:
        """GitHub's time: the local clock less what the last answers showed it to be ahead."""
        return self._clock() - (self._skew or timedelta(0))

    async def exchange(self, ask: Ask, credential: Credential, authorization: str | None) -> Answer:
        """The answer, from memory where GitHub says that it is still the same.

        Raises `Unreachable` where none comes.
        """
        headers = dict(_HEADERS)
        if authorization is not None:
            headers["Authorization"] = authorization
        # What is kept belongs to the credential that got it.
        kept = self._etags[credential.name] if ask.payload is None and not ask.poll_of else None
        held = kept.held(ask.url) if kept is not None else None
        if held is not None:
            headers["If-None-Match"] = held.headers["etag"]
        if ask.poll_of:
            known = await self._validators.known(credential.name, ask.poll_of)
            headers |= condition(known, dies_hourly=credential.kind == "installation")
        answer = await self._fetch(ask, credential, headers)
        if ask.poll_of:
            return replace(answer, offer=_offer(ask.poll_of, credential, answer))
        if kept is not None:
            kept.hold(ask.url, answer)
        return held if held is not None and answer.status == 304 else answer

    async def _fetch(self, ask: Ask, credential: Credential, headers: dict[str, str]) -> Answer:
        self._ledger.sent(ask.api)
        began = self._clock()
        try:
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
        except (httpx.TransportError, TimeoutError) as trouble:
            raise _unreachable(ask, trouble, self._timeout_s) from trouble
        answer = Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            content=response.content,
            url=ask.url,
        )
        self._note(ask, credential, answer, began)
        return answer

    def _note(self, ask: Ask, credential: Credential, answer: Answer, began: datetime) -> None:
        now = self._clock()
        is_free = answer.status == 304 and credential.kind != "none"
        if answer.status == 304:
            self._ledger.unchanged()
        if is_free:
            self._keeper.free_of_charge(credential.name, ask.resource, ask.points)
        if ask.api == "rest":
            self._ledger.charged(
                f"{credential.name}/{ask.resource}",
                expected=ask.points,
                charged=0 if is_free else 1,
                not_modified=answer.status == 304,
            )
        else:
            self._keeper.took(credential.name, ask.resource, now - began)
        reading = reading_of(answer.headers, resource=ask.resource)
        if reading is not None:
            self._ledger.read(reading)
            self._keeper.answered(credential.name, reading)
        skew = clock_skew(answer.headers, now=now)
        if skew is not None:
            if is_jump(self._skew, skew):
                self._keeper.clock_was_set()
            self._skew = smoothed(self._skew, skew)


def _offer(url: str, credential: Credential, answer: Answer) -> Offer | None:
    """What that answer may be accepted by; the address is the one first asked for."""
    etag, last_modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if answer.status != 200 or not (etag or last_modified):
        return None
    return Offer(credential.name, url, etag, last_modified)


def _unreachable(ask: Ask, trouble: Exception, timeout_s: float) -> Unreachable:
    late = isinstance(trouble, TimeoutError | httpx.TimeoutException)
    found = f"no answer within {timeout_s:g} s" if late else f"the connection failed ({trouble})"
    return Unreachable(
        ask.what, found, "Check the network and the base URL, or try again in some minutes."
    )
