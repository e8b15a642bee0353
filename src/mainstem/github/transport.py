"""One request, until it is answered or given up: choose who asks, send, judge, wait, try again.

The only module that touches the network, the clock and the dice. What an answer means, whether to
try again, who may ask and when is decided elsewhere, over values.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import SystemRandom
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

import httpx

from .addresses import below_base, clean_base, follow, graphql_url
from .answers import Answer, Circumstances, not_followed, verdict
from .apps import App, AppKey
from .budget_keeper import BudgetKeeper, BudgetStore, MemoryBudgets
from .budget_rules import RULES
from .budgets import Wish
from .conditional import EtagCache, MemoryValidators, Validators, condition
from .credentials import Anonymous, Credential, Token
from .errors import (
    NotFound,
    RateLimited,
    RequestFailed,
    SecondaryLimited,
    Unauthorized,
    Unreachable,
)
from .ledger import Api, Ledger
from .limits import clock_skew, is_jump, reading_of, smoothed
from .pool import Pool, Repository
from .priorities import Priority
from .refusals import needs_a_token, no_credential, refused
from .retries import RetryPolicy, Tries, next_pause
from .slots import Slots

Judge = Callable[[Answer, Circumstances], RequestFailed | None]
Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]

_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 307, 308})

REST_AT_ONCE: Final = RULES["core"].at_once
GRAPHQL_AT_ONCE: Final = RULES["graphql"].at_once

# Which repository this task asked about last: a request by node id alone belongs to the same.
_asked_about: ContextVar[Repository | None] = ContextVar("_asked_about", default=None)


def utc_now() -> datetime:
    """The machine's clock, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: `what` it is for in words, and how its answer is judged.

    `points` is what it is expected to cost. `repository` is whose credential it needs; where it is
    not given, the address or the variables of a query say so. `poll_of` is set where an answer is
    of use only if it is another than the one stored: the address whose validator is sent along.
    `credential` is set where nobody else will do.
    """

    api: Api
    url: str
    what: str
    judge: Judge
    payload: Mapping[str, Any] | None = None
    points: int = 1
    repository: Repository | None = None
    poll_of: str | None = None
    credential: Credential | None = None

    @property
    def resource(self) -> str:
        """The budget that it is charged to, unless the answer says otherwise."""
        if self.api == "graphql":
            return "graphql"
        return "search" if "/search/" in urlsplit(self.url).path else "core"


@dataclass(slots=True)
class _Sending:
    """How far one request has come: its tries, who could not help it, what was said first."""

    ask: Ask
    repository: Repository | None
    tries: Tries = field(default_factory=Tries)
    without: set[str] = field(default_factory=set)
    missed: RequestFailed | None = None
    renewed: bool = False
    is_admitted: str | None = None


class Transport:
    """Sends requests to one GitHub, with the credentials of one client, within their limits.

    Invariants: a token goes to the origin of `base` only; after a limit nothing is sent before its
    time, by whichever task. Closing twice is harmless; a client that was handed in stays open.
    """

    def __init__(
        self,
        *,
        base_url: str,
        tokens: Sequence[str],
        app: AppKey | None,
        http: httpx.AsyncClient | None,
        proxy: str | None,
        timeout: timedelta,
        policy: RetryPolicy,
        ledger: Ledger,
        clock: Clock,
        sleep: Sleep,
        roll: Callable[[], float] | None = None,
        budgets: BudgetStore | None = None,
        validators: Validators | None = None,
    ) -> None:
        self.base = clean_base(base_url)
        self.graphql_url = graphql_url(self.base)
        self.ledger = ledger
        self._pool = self._pooled(tokens, app)
        self._keeper = BudgetKeeper(budgets if budgets is not None else MemoryBudgets())
        self._validators = validators if validators is not None else MemoryValidators()
        self._owned = http is None
        # The environment is not consulted: a .netrc would add a credential of its own.
        self._http = http if http is not None else httpx.AsyncClient(trust_env=False, proxy=proxy)
        self._timeout_s = timeout.total_seconds()
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._roll = roll if roll is not None else SystemRandom().random
        self._skew: list[timedelta] = []
        self._etags: dict[str, EtagCache] = defaultdict(EtagCache)
        self._slots: dict[tuple[str, Api], Slots] = {}
        self._priority: Priority = "normal"

    def with_priority(self, priority: Priority) -> Self:
        """The same transport, connections and budgets, for requests of another urgency."""
        other = copy(self)
        other._priority = priority  # noqa: SLF001  a copy of itself
        return other

    @property
    def is_anonymous(self) -> bool:
        """Whether there is no credential, and therefore no GraphQL on GitHub itself."""
        return self._pool.is_anonymous

    @property
    def app(self) -> App | None:
        """The App whose installations sign requests, if there is one."""
        return self._pool.app

    async def aclose(self) -> None:
        """Give back what is borrowed of the budgets; close the connections, if they are ours."""
        try:
            await self._keeper.give_back()
        finally:
            if self._owned:
                await self._http.aclose()

    def server_now(self) -> datetime:
        """GitHub's time: the local clock less what the last answers showed it to be ahead."""
        return self._clock() - (self._skew[0] if self._skew else timedelta(0))

    async def get(self, path: str, *, what: str, fine: tuple[int, ...] = (200,)) -> Answer:
        """GET `path` below the base, following redirects on the same origin.

        Raises `RequestFailed` in its kinds; an answer that comes back has a status of `fine`.
        """
        return await self._followed(Ask("rest", self.base + path, what, _rest_judge(fine)), fine)

    async def call(
        self, path: str, *, what: str, as_app: bool = False, post: bool = False
    ) -> Answer:
        """GET or POST `path`, as the App itself where that is asked for.

        Raises `GitHubError` where there is no App.
        """
        app = self.app
        if as_app and app is None:
            raise no_credential(what)
        fine = (200, 201, 202)
        ask = Ask(
            "rest", self.base + path, what, _rest_judge(fine),
            payload={} if post else None,
            credential=app.itself if as_app and app is not None else None,
        )  # fmt: skip
        return await self._followed(ask, fine)

    async def poll(self, path: str, *, what: str) -> Answer | None:
        """GET `path` if it is another than the one last accepted; None if it is the same."""
        url, fine = self.base + path, (200, 304)
        ask = Ask("rest", url, what, _rest_judge(fine), poll_of=url)
        answer = await self._followed(ask, fine)
        return None if answer.status == 304 else answer

    async def accept(self, path: str) -> None:
        """Every answer to a poll below `path` so far is stored."""
        await self._validators.accept(self.base + path)

    async def send(self, ask: Ask) -> Answer:
        """The answer that `ask.judge` has nothing against, after as many tries as are due."""
        sending = _Sending(ask, self._whose(ask))
        while True:
            credential = await self._choose(sending)
            try:
                done = await self._attempt(sending, credential)
            except RequestFailed as error:
                pause = await self._after(error, sending, credential)
                if pause is None:
                    raise
            else:
                if isinstance(done, Answer):
                    self._pool.answered(credential, sending.repository)
                    if sending.missed is not None:
                        self._pool.saw_nothing(sending.without, sending.repository)
                    return done
                pause = done
                self.ledger.held_back(f"{credential.name}/{ask.resource}", pause)
            if pause > timedelta(0):
                self.ledger.waited(pause)
                await self._sleep(pause.total_seconds())

    async def _followed(self, ask: Ask, fine: tuple[int, ...]) -> Answer:
        url, repository = ask.url, self._whose(ask)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self.send(
                Ask(
                    "rest", url, ask.what, ask.judge, ask.payload,
                    repository=repository, poll_of=ask.poll_of, credential=ask.credential,
                )
            )  # fmt: skip
            if answer.status in fine:
                return answer
            location = answer.headers.get("location")
            target = follow(self.base, url, location) if location else None
            if target is None:
                raise not_followed(ask.what, answer.status, location, "another server")
            url = target
        raise not_followed(ask.what, answer.status, url, "too many redirects")

    def _pooled(self, tokens: Sequence[str], app: AppKey | None) -> Pool:
        several = len(tokens) > 1
        known = [
            Token(self.base, token, label=f"token {at}" if several else "the token")
            for at, token in enumerate(tokens, 1)
        ]
        of_app = None
        if app is not None:
            of_app = App(app, base=self.base, clock=self.server_now, call=self._as_app)
        return Pool(known, of_app, Anonymous(self.base))

    async def _as_app(
        self, path: str, *, what: str, credential: Credential, post: bool = False
    ) -> Answer:
        fine = (200, 201)
        ask = Ask(
            "rest", self.base + path, what, _rest_judge(fine),
            payload={} if post else None, credential=credential,
        )  # fmt: skip
        return await self._followed(ask, fine)

    def _whose(self, ask: Ask) -> Repository | None:
        repository = ask.repository or _repository_of(self.base, ask)
        if repository is not None:
            _asked_about.set(repository)
        return repository or (_asked_about.get() if ask.api == "graphql" else None)

    async def _choose(self, sending: _Sending) -> Credential:
        ask = sending.ask
        if ask.credential is not None:
            return ask.credential
        room = partial(self._room, resource=ask.resource)
        chosen = await self._pool.choose(sending.repository, room=room, without=sending.without)
        if chosen is None:
            raise sending.missed or no_credential(ask.what)
        return chosen

    def _room(self, credential: Credential, *, resource: str) -> float:
        return self._keeper.room(credential.name, resource, self._priority, self.server_now())

    async def _attempt(self, sending: _Sending, credential: Credential) -> Answer | timedelta:
        """The answer; or how long to wait, since requests are spread, until it may be sent."""
        ask = sending.ask
        authorization = await credential.authorization()
        async with self._slot(credential, ask.api).held(self._priority):
            # Another task may have met a limit. Going on regardless can get a token banned.
            now = self.server_now()
            refusal = self._keeper.refusal(credential.name, ask.resource, now)
            if refusal is None and sending.is_admitted != credential.name:
                wish = Wish(ask.points, self._priority, self._policy.max_wait)
                wait = await self._keeper.admit(credential.name, ask.resource, wish, now)
                if isinstance(wait, timedelta):
                    sending.is_admitted = credential.name
                    if wait > timedelta(0):
                        return wait
                else:
                    refusal = wait
            if refusal is not None:
                raise refused(ask.what, ask.resource, refusal, now=now)
            sending.is_admitted = None
            return await self._ask(sending, credential, authorization)

    async def _ask(
        self, sending: _Sending, credential: Credential, authorization: str | None
    ) -> Answer:
        ask = sending.ask
        if sending.tries != Tries():
            self.ledger.retried()
        charged_before = self.ledger.points
        try:
            answer = await self._exchange(ask, credential, authorization)
        except (httpx.TransportError, TimeoutError) as trouble:
            raise _unreachable(ask, trouble, self._timeout_s) from trouble
        now = self.server_now()
        met = self._keeper.repeats(credential.name, ask.resource, now)
        asked = Circumstances(ask.what, now, max(sending.tries.limited, met))
        error = ask.judge(answer, asked)
        if credential.kind == "none" and ask.api == "graphql" and answer.status in {401, 403}:
            error = needs_a_token(ask.what, answer.status)
        self._charge(ask, credential, self.ledger.points - charged_before)
        if isinstance(error, SecondaryLimited):
            await self._quiet(ask, credential, error, now)
        if isinstance(error, Unauthorized):
            sending.renewed, was = True, sending.renewed
            if not was and credential.renew(authorization):
                return await self._renewed(sending, credential, error)
        if error is not None:
            raise error
        return answer

    async def _renewed(
        self, sending: _Sending, credential: Credential, error: Unauthorized
    ) -> Answer:
        # A token that ended in mid-flight: the request goes again with the next one, once.
        authorization = await credential.authorization()
        try:
            return await self._ask(sending, credential, authorization)
        except Unauthorized as again:
            raise again from error

    async def _after(
        self, error: RequestFailed, sending: _Sending, credential: Credential
    ) -> timedelta | None:
        """How long to wait before the request goes on, with whomever; None to give up."""
        if sending.ask.credential is None and await self._another(error, sending, credential):
            return timedelta(0)
        sending.tries = sending.tries.after(error)
        return next_pause(error, sending.tries, self._policy, roll=self._roll())

    async def _another(
        self, error: RequestFailed, sending: _Sending, credential: Credential
    ) -> bool:
        """Whether another credential can help where `credential` could not."""
        repository, without = sending.repository, sending.without
        if isinstance(error, NotFound):
            if self._pool.sees(credential, repository):
                return False
            self._pool.lost(credential, repository)
        if not await self._pool.others(credential, repository, without=without):
            return False
        if isinstance(error, Unauthorized) and credential.kind == "token":
            self._pool.take_out(credential)
            return True
        if isinstance(error, NotFound):
            sending.missed = sending.missed or error
            without.add(credential.name)
            return True
        if isinstance(error, RateLimited | SecondaryLimited):
            room = partial(self._room, resource=sending.ask.resource)
            left_out = {*without, credential.name}
            other = await self._pool.choose(repository, room=room, without=left_out)
            return other is not None and room(other) > room(credential)
        return False

    async def _quiet(
        self, ask: Ask, credential: Credential, error: SecondaryLimited, now: datetime
    ) -> None:
        cause = _cause(self.base, ask)
        self.ledger.refused(f"{credential.name}/{ask.resource}", cause)
        await self._keeper.quiet(
            credential.name, ask.resource, cause=cause, pause=error.retry_after, now=now
        )

    async def _exchange(
        self, ask: Ask, credential: Credential, authorization: str | None
    ) -> Answer:
        headers = dict(_HEADERS)
        if authorization is not None:
            headers["Authorization"] = authorization
        cached = ask.payload is None and not ask.poll_of
        held = self._etags[credential.name].held(ask.url) if cached else None
        if held is not None:
            headers["If-None-Match"] = held.headers["etag"]
        if ask.poll_of:
            known = await self._validators.known(credential.name, ask.poll_of)
            headers |= condition(known, dies_hourly=credential.kind == "installation")
        self.ledger.sent(ask.api)
        began = self._clock()
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
        self._note(ask, credential, answer, began)
        if ask.poll_of:
            await self._offer(ask.poll_of, credential, answer)
        elif cached:
            self._etags[credential.name].hold(ask.url, answer)
        return held if held is not None and answer.status == 304 else answer

    async def _offer(self, url: str, credential: Credential, answer: Answer) -> None:
        validator = (answer.headers.get("etag"), answer.headers.get("last-modified"))
        if answer.status == 200 and any(validator):
            await self._validators.offer(credential.name, url, validator)

    def _note(self, ask: Ask, credential: Credential, answer: Answer, began: datetime) -> None:
        now = self._clock()
        if answer.status == 304:
            self.ledger.unchanged()
            if credential.kind != "none":
                self._keeper.free_of_charge(credential.name, ask.resource, ask.points)
        reading = reading_of(answer.headers, resource=ask.resource)
        if reading is not None:
            self.ledger.read(reading)
            self._keeper.answered(credential.name, reading)
        if ask.api == "graphql":
            self._keeper.took(credential.name, ask.resource, now - began)
        skew = clock_skew(answer.headers, now=now)
        if skew is not None:
            self._reckon_with(skew)
        budget = f"{credential.name}/{ask.resource}"
        if ask.api == "rest":
            free = answer.status == 304 and credential.kind != "none"
            self.ledger.charged(
                budget, expected=ask.points, charged=0 if free else 1, not_modified=free
            )

    def _reckon_with(self, skew: timedelta) -> None:
        known = self._skew[0] if self._skew else None
        if is_jump(known, skew):
            self._keeper.clock_was_set()
        self._skew[:] = [smoothed(known, skew)]

    def _charge(self, ask: Ask, credential: Credential, points: int) -> None:
        if ask.api == "graphql":
            budget = f"{credential.name}/{ask.resource}"
            self.ledger.charged(budget, expected=ask.points, charged=points)

    def _slot(self, credential: Credential, api: Api) -> Slots:
        place = (credential.name, api)
        if place not in self._slots:
            at_once = GRAPHQL_AT_ONCE if api == "graphql" else REST_AT_ONCE
            self._slots[place] = Slots(at_once)
        return self._slots[place]


_HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "X-Github-Next-Global-ID": "1",
    "User-Agent": "mainstem",
}


def _repository_of(base: str, ask: Ask) -> Repository | None:
    """The repository that a request names: in its path, or in its query's variables."""
    if ask.payload is not None and isinstance(variables := ask.payload.get("variables"), Mapping):
        owner, name = variables.get("owner"), variables.get("name")
        return (owner, name) if isinstance(owner, str) and isinstance(name, str) else None
    parts = (below_base(base, ask.url) or "").partition("?")[0].split("/")
    if len(parts) < 4 or parts[1] != "repos":
        return None
    return unquote(parts[2]), unquote(parts[3])


def _cause(base: str, ask: Ask) -> str:
    """What was asked, as a kind: a query's name, or a path without its owner and numbers."""
    if ask.payload is not None:
        return str(ask.payload.get("operationName") or "POST")
    parts = (below_base(base, ask.url) or "").partition("?")[0].split("/")[1:]
    if parts and parts[0] in {"repos", "repositories"}:
        parts = parts[3:] if parts[0] == "repos" else parts[2:]
    return "GET /" + "/".join("*" if part.isdigit() else part for part in parts)


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
