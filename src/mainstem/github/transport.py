"""One request, until it is answered or given up: choose who asks, send, judge, wait, try again.

What an answer means, whether to try again, who may ask and when is decided elsewhere, over values;
the network is `wire`'s.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import SystemRandom
from typing import Final, Self

import httpx

from mainstem.errors import MainstemError

from .addresses import clean_base, follow, graphql_url, is_this_machine
from .answers import Answer, Circumstances, not_followed
from .apps import App, AppKey
from .asks import Ask, Repository, cause_of, repository_of, rest_judge
from .budget_keeper import BudgetKeeper, BudgetStore, MemoryBudgets
from .budget_rules import RULES
from .budgets import Wish
from .conditional import MemoryValidators, Validators
from .credentials import Anonymous, Credential, Token, fingerprint
from .errors import Forbidden, NotFound, RateLimited, RequestFailed, SecondaryLimited, Unauthorized
from .ledger import Api, Ledger
from .pool import Pool
from .priorities import Priority
from .refusals import needs_a_token, no_credential, refused, told_apart
from .retries import RetryPolicy, Tries, next_pause
from .slots import Slots
from .values import Offer
from .wire import Clock, Wire

Sleep = Callable[[float], Awaitable[None]]

__all__ = ["Ask", "Sleep", "Transport"]

_log = logging.getLogger(__name__)

_MOST_REDIRECTS: Final = 5
_DONE: Final = (200, 201, 202)

# Which repository this task asked about last: a request by node id alone belongs to the same.
_asked_about: ContextVar[Repository | None] = ContextVar("_asked_about", default=None)


@dataclass(slots=True)
class _Sending:
    """How far one request has come.

    `without` are those who could not help it, `missed` what the first of them was told;
    `admitted` is whose budget it has its points of, `renewed` whether a token ended on the way.
    """

    ask: Ask
    repository: Repository | None
    tries: Tries = field(default_factory=Tries)
    without: set[str] = field(default_factory=set)
    missed: RequestFailed | None = None
    admitted: str | None = None
    renewed: bool = False


class Transport:
    """Sends requests to one GitHub, with the credentials of one client, within their limits.

    Invariants: a token goes to the origin of `base` only; after a limit nothing is sent before its
    time, by whichever task. Closing twice is harmless.
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
        paced: bool | None = None,
    ) -> None:
        self.base = clean_base(base_url)
        self.graphql_url = graphql_url(self.base)
        self.ledger = ledger
        self._validators = validators if validators is not None else MemoryValidators()
        self._keeper = BudgetKeeper(
            budgets if budgets is not None else MemoryBudgets(),
            paced=not is_this_machine(self.base) if paced is None else paced,
        )
        self._wire = Wire(
            http=http,
            proxy=proxy,
            timeout=timeout,
            clock=clock,
            ledger=ledger,
            keeper=self._keeper,
            validators=self._validators,
        )
        self._pool = self._pooled(tokens, app)
        self._policy = policy
        self._sleep = sleep
        self._roll = roll if roll is not None else SystemRandom().random
        self._slots: dict[tuple[str, Api], Slots] = {}
        self._priority: Priority = "normal"
        self._repository: Repository | None = None

    def with_priority(self, priority: Priority) -> Self:
        """The same transport, connections and budgets, for requests of another urgency."""
        other = copy(self)
        other._priority = priority  # noqa: SLF001  a copy of itself
        return other

    def for_repository(self, owner: str, name: str) -> Self:
        """The same, for requests that do not say themselves which repository they are for."""
        other = copy(self)
        other._repository = (owner, name)  # noqa: SLF001  a copy of itself
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
        except MainstemError as error:
            # The few points are lost until the reset; closing goes on.
            _log.warning("Cannot give back what is left of GitHub's budgets: %s", error)
        finally:
            await self._wire.aclose()

    def server_now(self) -> datetime:
        """GitHub's time."""
        return self._wire.server_now()

    async def get(
        self,
        path: str,
        *,
        what: str,
        fine: tuple[int, ...] = (200,),
        repository: tuple[str, str] | None = None,
    ) -> Answer:
        """GET `path` below the base, following redirects on the same origin.

        `repository` is whose credential it needs, where the path does not say. Raises
        `RequestFailed` in its kinds; an answer that comes back has a status of `fine`.
        """
        url, judge = self.base + path, rest_judge(fine)
        return await self._followed(Ask("rest", url, what, judge, repository=repository), fine)

    async def call(
        self, path: str, *, what: str, as_app: bool = False, post: bool = False
    ) -> Answer:
        """GET or POST `path`, as the App itself where that is asked for.

        Raises `GitHubError` where there is no App.
        """
        if not as_app:
            return await self._call(path, what=what, credential=None, post=post)
        if self.app is None:
            raise no_credential(what)
        return await self._call(path, what=what, credential=self.app.itself, post=post)

    async def poll(self, path: str, *, what: str) -> Answer | None:
        """GET `path` if it is another than the one last accepted; None if it is the same."""
        url, fine = self.base + path, (200, 304)
        ask = Ask("rest", url, what, rest_judge(fine), poll_of=url)
        answer = await self._followed(ask, fine)
        return None if answer.status == 304 else answer

    async def accept(self, offers: Iterable[Offer]) -> None:
        """The answers that came with those are stored."""
        told = [(one.credential, one.url, (one.etag, one.last_modified)) for one in offers]
        if told:
            await self._validators.accept(told)

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
                    self._learn(sending, credential)
                    return done
                pause = done
            if pause > timedelta(0):
                self.ledger.waited(pause)
                self.ledger.held_back(f"{credential.name}/{ask.resource}", pause)
                await self._sleep(pause.total_seconds())

    async def _followed(self, ask: Ask, fine: tuple[int, ...]) -> Answer:
        ask = replace(ask, repository=self._whose(ask))
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self.send(ask)
            if answer.status in fine:
                return answer
            location = answer.headers.get("location")
            target = follow(self.base, ask.url, location) if location else None
            if target is None:
                raise not_followed(ask.what, answer.status, location, "another server")
            ask = replace(ask, url=target)
        raise not_followed(ask.what, answer.status, ask.url, "too many redirects")

    def _pooled(self, tokens: Sequence[str], app: AppKey | None) -> Pool:
        several = len(tokens) > 1
        known = [
            Token(self.base, token, label=f"token {at}" if several else "the token")
            for at, token in enumerate(tokens, 1)
        ]
        of_app = None
        if app is not None:
            of_app = App(app, base=self.base, clock=self.server_now, call=self._call)
        return Pool(known, of_app, Anonymous(self.base))

    async def _call(
        self, path: str, *, what: str, credential: Credential | None, post: bool = False
    ) -> Answer:
        payload: dict[str, object] | None = {} if post else None
        url = self.base + path
        ask = Ask("rest", url, what, rest_judge(_DONE), payload, credential=credential)
        return await self._followed(ask, _DONE)

    def _whose(self, ask: Ask) -> Repository | None:
        repository = repository_of(self.base, ask)
        if repository is not None:
            _asked_about.set(repository)
        elif self._repository is not None:
            return self._repository
        elif ask.api == "graphql" or ask.url.startswith(f"{self.base}/repositories/"):
            return _asked_about.get()
        return repository

    def _learn(self, sending: _Sending, credential: Credential) -> None:
        self._pool.answered(credential, sending.repository)
        if sending.missed is not None:
            self._pool.saw_nothing(sending.without, sending.repository)

    async def _choose(self, sending: _Sending) -> Credential:
        ask = sending.ask
        if ask.credential is not None:
            return ask.credential
        room = partial(self._room, resource=ask.resource)
        if ask.poll_of is not None:
            room = partial(self._constant, url=ask.poll_of)
        chosen = await self._pool.choose(sending.repository, room=room, without=sending.without)
        if chosen is None:
            raise sending.missed or no_credential(ask.what)
        return chosen

    def _room(self, credential: Credential, *, resource: str) -> float:
        return self._keeper.room(credential.name, resource, self._priority, self.server_now())

    def _constant(self, credential: Credential, *, url: str) -> float:
        # A validator belongs to the credential that got it: the same one polls, in every process.
        has_room = self._room(credential, resource="core") > 0
        return 1 + int(fingerprint(credential.name, url)[:8], 16) if has_room else 0

    async def _attempt(self, sending: _Sending, credential: Credential) -> Answer | timedelta:
        """The answer; or how long to wait first, since requests are spread."""
        authorization = await credential.authorization()
        async with self._slot(credential, sending.ask.api).held(self._priority):
            wait = await self._admitted(sending, credential)
            if wait > timedelta(0):
                return wait
            sending.admitted = None
            if sending.tries != Tries():
                self.ledger.retried()
            try:
                return await self._ask(sending.ask, credential, authorization)
            except Unauthorized:
                # A token that ended in mid-flight: the request goes again with the next one, once.
                if sending.renewed or not credential.renew(authorization):
                    raise
                sending.renewed = True
                authorization = await credential.authorization()
                return await self._ask(sending.ask, credential, authorization)

    async def _admitted(self, sending: _Sending, credential: Credential) -> timedelta:
        """How long to wait until it may be sent, its points being its own; raises if it may not."""
        # Another task may have met a limit. Going on regardless can get a token banned.
        ask, now = sending.ask, self.server_now()
        refusal = self._keeper.refusal(credential.name, ask.resource, now)
        if refusal is None and sending.admitted != credential.name:
            wish = Wish(ask.points, self._priority, self._policy.max_wait)
            wait = await self._keeper.admit(credential.name, ask.resource, wish, now)
            if isinstance(wait, timedelta):
                sending.admitted = credential.name
                return wait
            refusal = wait
        if refusal is not None:
            raise refused(ask.what, ask.resource, refusal, now=now)
        return timedelta(0)

    async def _ask(self, ask: Ask, credential: Credential, authorization: str | None) -> Answer:
        before = self.ledger.points
        answer = await self._wire.exchange(ask, credential, authorization)
        now = self.server_now()
        met = self._keeper.repeats(credential.name, ask.resource, now)
        asked = Circumstances(ask.what, now, met)
        error = told_apart(ask.judge(answer, asked), answer, asked)
        budget = f"{credential.name}/{ask.resource}"
        if ask.api == "graphql":
            charged = self.ledger.points - before
            self.ledger.charged(budget, expected=ask.points, charged=charged)
            # A spent budget too, for there is none; a limit that says when it ends is one.
            is_passing = isinstance(error, SecondaryLimited) and "retry-after" in answer.headers
            if credential.kind == "none" and answer.status in {401, 403} and not is_passing:
                error = needs_a_token(ask.what, answer.status)
        if isinstance(error, SecondaryLimited):
            cause, pause = cause_of(self.base, ask), error.retry_after
            self.ledger.refused(budget, cause)
            await self._keeper.quiet(
                credential.name, ask.resource, cause=cause, pause=pause, now=now
            )
        if isinstance(error, RateLimited):
            # Others spend it too, and need not be refused to learn that there is nothing left.
            await self._keeper.tell(credential.name, ask.resource)
        if error is not None:
            raise error
        return answer

    async def _after(
        self, error: RequestFailed, sending: _Sending, credential: Credential
    ) -> timedelta | None:
        """How long to wait before the request goes on, with whomever; None to give up."""
        if sending.ask.credential is None and await self._another(error, sending, credential):
            return timedelta(0)
        sending.tries = sending.tries.after(error)
        narrows = sending.ask.narrows
        return next_pause(error, sending.tries, self._policy, roll=self._roll(), narrows=narrows)

    async def _another(
        self, error: RequestFailed, sending: _Sending, credential: Credential
    ) -> bool:
        """Whether another credential can help where `credential` could not."""
        repository, without = sending.repository, sending.without
        is_kept_from = isinstance(error, NotFound | Forbidden)
        is_refused = isinstance(error, Unauthorized) and credential.kind == "token"
        is_limited = isinstance(error, RateLimited | SecondaryLimited)
        if not (is_kept_from or is_refused or is_limited):
            return False
        if is_kept_from:
            if self._pool.sees(credential, repository):
                return False
            self._pool.lost(credential, repository)
        if not await self._pool.others(credential, repository, without=without):
            return False
        if is_refused:
            self._pool.take_out(credential)
            return True
        if is_kept_from:
            sending.missed = sending.missed or error
            without.add(credential.name)
            return True
        room = partial(self._room, resource=sending.ask.resource)
        left_out = {*without, credential.name}
        other = await self._pool.choose(repository, room=room, without=left_out)
        return other is not None and room(other) > room(credential)

    def _slot(self, credential: Credential, api: Api) -> Slots:
        place = (credential.name, api)
        if place not in self._slots:
            self._slots[place] = Slots(RULES["graphql" if api == "graphql" else "core"].at_once)
        return self._slots[place]
